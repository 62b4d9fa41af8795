"""The Quectel BG95 (and BG77, BG600L; BG96 has the same commands): its table for engine.py.

By the TCP/IP application note of the series. Written for buffer access mode, where the host asks
for each datagram; "push" in the configuration chooses direct push mode.

The modem's own DTLS: the socket commands (QSSL*) are here. How a context gets its pre-shared key
is not, for no documentation of it could be verified: `secure` is None. Whoever has the SSL note
of his modem's firmware derives from `Kind`, see docs/transports.md.
"""

from micropython import const

from . import engine

_CONTEXT = const(1)  # of the packet network
_MOST = const(1500)  # bytes that one read asks for
_TEXTS = ("apn", "user", "password")  # settings that stand between quotes


class Kind:
    """The table of a modem: what it can do, its commands, and what its lines mean."""

    sockets = 12
    longest = 1280  # bytes of a datagram; the modem takes 1460
    most = _MOST
    look_ms = 60000  # an unsolicited line may not arrive: look for data so often; 0: never
    prompt = b">"
    good = (b"OK", b"SEND OK")
    bad = (b"ERROR", b"+CME ERROR", b"SEND FAIL")
    full = b"SEND FAIL"  # the one that leaves the socket as it is
    answer_ms = 5000
    read_ms = 5000
    send_ms = 20000
    close_ms = 12000
    open_ms = 150000
    secure = None  # (number, account) -> the commands before `open` of a socket with DTLS

    def __init__(self, settings: dict):
        """`settings` is the configuration's section "modem"; ValueError: no text for AT."""
        self.settings = settings
        if not all(engine.plain(settings.get(key, "")) for key in _TEXTS):
            raise ValueError("apn, user or password")
        self.look_ms = 0 if settings.get("push") else settings.get("look", 60) * 1000

    def setup(self) -> tuple:
        """The commands that bring the modem up: (command, ms to answer, what it must answer).

        None: whatever; b"": OK; else also a line that begins so, and it is asked again until then.
        """
        settings = self.settings
        texts = tuple(settings.get(key, "") for key in _TEXTS)
        authentication = 3 if settings.get("user") else 0  # PAP or CHAP
        context = 'AT+QICSGP=%d,1,"%s","%s","%s",%d' % ((_CONTEXT,) + texts + (authentication,))
        return (
            (b"ATE0", self.answer_ms, None),
            (b"AT+CGATT?", self.answer_ms, b"+CGATT: 1"),
            (context.encode(), self.answer_ms, b""),
            (b"AT+QIACT=%d" % _CONTEXT, 150000, None),  # refused where it is active already
            (b"AT+QIACT?", self.answer_ms, b"+QIACT: %d,1" % _CONTEXT),
        )

    def open(self, number: int, host: str, port: int, account) -> bytes:
        """Open a socket; OPENED says how it went."""
        mode = 1 if self.settings.get("push") else 0
        if account:
            return b'AT+QSSLOPEN=%d,%d,%d,"%s",%d,%d' % (
                (_CONTEXT, number % 6, number, host.encode(), port, mode)
            )
        return b'AT+QIOPEN=%d,%d,"UDP","%s",%d,0,%d' % (
            (_CONTEXT, number, host.encode(), port, mode)
        )

    def close(self, number: int, account) -> bytes:
        """Close a socket."""
        return (b"AT+QSSLCLOSE=%d" if account else b"AT+QICLOSE=%d") % number

    def send(self, number: int, datagram: bytes, account) -> tuple:
        """The command that sends a datagram, and what follows at the prompt, or None."""
        command = b"AT+QSSLSEND=%d,%d" if account else b"AT+QISEND=%d,%d"
        return command % (number, len(datagram)), datagram

    def read(self, number: int, account) -> bytes:
        """Ask for the next datagram; RECEIVED answers."""
        return (b"AT+QSSLRECV=%d,%d" if account else b"AT+QIRD=%d,%d") % (number, _MOST)

    def parse(self, line: bytes) -> tuple:
        """What a line means: (event, socket, value), the event None where it is none of these.

        May raise ValueError, IndexError or TypeError for garbage.
        """
        if line in (b"APP RDY", b"RDY", b"POWERED DOWN", b"NORMAL POWER DOWN"):
            return engine.BOOT, -1, 0
        name, _, rest = line.partition(b": ")
        if name in (b"+QIRD", b"+QSSLRECV"):
            return engine.RECEIVED, -1, int(rest.split(b",")[0])
        if name in (b"+QIOPEN", b"+QSSLOPEN"):
            number, error = rest.split(b",")
            return engine.OPENED, int(number), int(error)
        if name in (b"+QIURC", b"+QSSLURC"):
            words = rest.split(b",")
            word = words[0]
            if word == b'"recv"':
                if len(words) > 2 and self.settings.get("push"):
                    return engine.RECEIVED, int(words[1]), int(words[2])
                return engine.READABLE, int(words[1]), 0
            if word == b'"closed"':
                return engine.SOCKET_CLOSED, int(words[1]), 0
            if word == b'"pdpdeact"':
                return engine.DOWN, -1, 0
        return None, -1, 0
