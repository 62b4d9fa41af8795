"""Scripts: what a modem is asked to do, one generator per job.

A script yields (command, milliseconds to answer, what to send at the prompt or None, how a line of
the answer must begin or b""). The command b"" is a pause. It receives None where the command was
accepted, else the line that refused it, b"" where there was none.
"""

from micropython import const

from modem.socket import OPEN, OPENING, SHUT

SYNC = b"AT"  # the command whose refusals mean nothing: they are late answers to something else

# States of the modem
OFF = const(0)
SETUP = const(1)
READY = const(2)

_NEVER = const(0xFFFFFFFFFFF)
_SYNC_MS = const(1000)
_SYNCS = const(12)
_CALM_MS = const(300)
_FLOOD = const(365)  # four times that ends any datagram that the modem may be waiting for
_STEP_MS = const(2000)  # between two looks for the network
_LOOK_MS = const(4000)  # after a datagram: look for an answer, should its line not have come


def choose(modem):
    """The script for what is to be done first, or None."""
    sockets = modem.sockets
    if modem.state != READY:
        for number in list(sockets):
            if sockets[number].ended:
                del sockets[number]
        for socket in sockets.values():
            if socket.failed is None:
                return _setup(modem) if modem.state else synchronize(modem)
        return None
    now = modem.now
    count = modem.kind.sockets
    for i in range(count):
        socket = sockets.get((modem.turn + i) % count)
        if socket is None:
            continue
        if socket.ended:
            return _close(modem, socket)
        if socket.failed is not None:
            continue
        if socket.state == OPEN:
            # In turn, the sockets as well as the directions of each: none waits for ever
            read = socket.must_read(now) and not (socket.out and socket.was_read)
            if read or socket.out:
                modem.turn = socket.number + 1
                socket.was_read = read
                return _read(modem, socket) if read else _send(modem, socket)
        elif now >= socket.until:
            if socket.state == SHUT:
                return _open(modem, socket)
            modem.refused(socket)  # there was no answer
            return choose(modem)
    return None


def synchronize(modem, cut: bool = False):
    """Wait for a sign of life: it may be off, booting, or waiting for the rest of a datagram.

    `cut`: it probably waits for that.
    """
    for i in range(3 if cut else 0, _SYNCS):
        modem.parser.settle()
        # No CoAP begins with ESC: servers drop what comes of it
        modem.outbox.append(b"\x1b" + b"\r" * (_FLOOD if 2 < i < 7 else 1))
        if (yield SYNC, _SYNC_MS, None, b"") is None:
            yield b"", _CALM_MS, None, b""  # that was perhaps a late answer to something else
            modem.state = modem.state or SETUP
            for socket in modem.sockets.values():  # its line may be lost
                socket.pending = socket.state == OPEN and modem.kind.look_ms > 0
            return
    modem.down("silent")


def _setup(modem):
    end = modem.now + modem.attach_ms
    steps = modem.kind.setup()
    at = 0
    while at < len(steps):
        command, timeout, needs = steps[at]
        refusal = yield command, timeout, None, needs or b""
        at += 1
        if needs is not None and refusal is not None:
            if modem.now >= end:
                modem.down("no network")
                return
            at = 0  # any of them may be what is missing
            yield b"", _STEP_MS, None, b""
    modem.state = READY
    modem.log(3, "modem", "ready")


def _close(modem, socket):
    kind = modem.kind
    yield kind.close(socket.number, socket.account), kind.close_ms, None, b""
    modem.sockets.pop(socket.number, None)


def _open(modem, socket):
    kind = modem.kind
    number = socket.number
    account = socket.account
    # The modem may have it open still, from before a reset of ours.
    yield kind.close(number, account), kind.close_ms, None, b""
    refusal = None
    if account:
        for command in kind.secure(number, account):
            if refusal is None:
                refusal = yield command, kind.answer_ms, None, b""
    if refusal is None:
        socket.state = OPENING
        socket.until = modem.now + kind.open_ms
        command = kind.open(number, socket.host, socket.port, account)
        refusal = yield command, kind.answer_ms, None, b""
    if refusal is not None:
        modem.refused(socket)


def _read(modem, socket):
    kind = modem.kind
    modem.reader = socket
    socket.pending = True
    socket.look = _NEVER
    if (yield kind.read(socket.number, socket.account), kind.read_ms, None, b"") is not None:
        modem.reopen(socket)
    elif not socket.pending and socket.step:
        socket.look_again(modem.now, min(socket.step * 2, kind.look_ms))


def _send(modem, socket):
    kind = modem.kind
    command, payload = kind.send(socket.number, socket.out.pop(0), socket.account)
    refusal = yield command, kind.send_ms, payload, b""
    if refusal is None:
        if kind.look_ms:
            socket.look_again(modem.now, _LOOK_MS)
    elif refusal != kind.full:
        modem.reopen(socket)
