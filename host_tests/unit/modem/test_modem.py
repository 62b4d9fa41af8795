"""The modem's engine: its commands, what it makes of answers, and of garbage."""

from modem_wire import Wire
from virtual import NEVER, Chance

from coap import wakeup
from lwm2m.uri import split_uri
from modem.bg95 import Kind
from modem.dialer import Stream
from modem.engine import BOOT, DOWN, OPENED, READABLE, RECEIVED, SOCKET_CLOSED
from modem.scripts import READY
from modem.socket import OPEN


class Hex(Kind):
    """A modem that has datagrams in hexadecimal, within its commands and lines."""

    def send(self, number, datagram, account):
        """No prompt."""
        return b'AT+QISENDEX=%d,"%s"' % (number, bytes(datagram).hex().encode()), None

    def parse(self, line):
        """+HEX: 0,"0102" is a datagram."""
        if line.startswith(b"+HEX: "):
            number, digits = line[6:].split(b",")
            return RECEIVED, int(number), bytes.fromhex(digits.strip(b'"').decode())
        return Kind.parse(self, line)


def test_a_socket_is_opened_after_the_network_is_there():
    wire = Wire(apn="iot", user="me", password="secret")
    socket = wire.modem.open("server.example", 5683)
    assert not socket.established
    assert wire.until(b"AT+QICSGP") == b'AT+QICSGP=1,1,"iot","me","secret",3'
    wire.say(b"OK")
    assert wire.until(b"AT+QIOPEN") == b'AT+QIOPEN=1,0,"UDP","server.example",5683,0,0'
    wire.say(b"OK")
    assert not socket.established
    wire.say(b"+QIOPEN: 0,0")
    assert socket.established and socket.contexts == 0 and socket.failed is None
    assert not [line for line in wire.lines if "secret" in str(line)]


def test_a_datagram_goes_out_at_the_prompt_and_its_answer_is_read():
    wire = Wire()
    socket = wire.open()
    socket.send(b"one\r\n\x1b\x00")
    assert wire.written() == b"AT+QISEND=0,8"[:-1] + b"7"
    wire.modem.input(b"\r\n> ", wire.now)
    assert b"".join(wire.modem.outbox) == b"one\r\n\x1b\x00"
    wire.modem.outbox.clear()
    wire.say(b"SEND OK", b'+QIURC: "recv",0')
    assert wire.written() == b"AT+QIRD=0,1500"
    data = b"\r\nOK\r\n> \r\nAPP RDY\r\n"
    wire.modem.input(b"\r\n+QIRD: %d\r\n" % len(data) + data + b"\r\n\r\nOK\r\n", wire.now)
    assert wire.written() == b"AT+QIRD=0,1500"
    wire.say(b"+QIRD: 0", b"OK")
    assert socket.recv() == data and socket.recv() is None
    assert wire.written() == b""


def test_one_byte_at_a_time():
    wire = Wire()
    socket = wire.open()
    socket.send(b"abc")
    wire.written()
    for byte in b"AT+QISEND=0,3\r\r\n> ":
        wire.modem.input(bytes([byte]), wire.now)
    assert wire.written() == b"abc"
    for byte in b'\r\nSEND OK\r\n\r\n+QIURC: "recv",0\r\n':
        wire.modem.input(bytes([byte]), wire.now)
    assert wire.written() == b"AT+QIRD=0,1500"
    for byte in b"\r\n+QIRD: 4\r\n\n>\r\n\r\n\r\nOK\r\n":
        wire.modem.input(bytes([byte]), wire.now)
    assert socket.recv() == b"\n>\r\n"


def test_direct_push_mode_gives_datagrams_without_being_asked():
    wire = Wire(push=True)
    socket = wire.open()
    wire.modem.input(b'\r\n+QIURC: "recv",0,3\r\n\r\n>\r\n\r\n+QIURC: "recv",0,1\r\nx\r\n', 0)
    assert socket.recv() == b"\r\n>" and socket.recv() == b"x" and wire.written() == b""
    assert wire.modem.deadline >= NEVER


def test_datagrams_in_hexadecimal():
    wire = Wire(Hex({}))
    socket = wire.open()
    socket.send(b"\x01\xff")
    assert wire.written() == b'AT+QISENDEX=0,"01ff"'
    wire.say(b"SEND OK", b'+HEX: 0,"c0ffee"', b'+HEX: 0,"xyz"', b"+HEX: 0")
    assert socket.recv() == b"\xc0\xff\xee" and socket.recv() is None


def test_several_sockets_one_command_at_a_time():
    wire = Wire()
    first = wire.open()
    second = wire.open()
    assert second.number == 1
    first.send(b"a")
    second.send(b"b")
    assert wire.written() == b"AT+QISEND=0,1"
    wire.say(b'+QIURC: "recv",1')
    wire.modem.input(b"> ", wire.now)
    wire.written()
    wire.say(b"SEND OK")
    assert wire.written() == b"AT+QIRD=1,1500"  # reading goes first
    wire.modem.input(b"+QIRD: 2\r\nhi\r\nOK\r\n", wire.now)
    assert second.recv() == b"hi" and first.recv() is None


def test_the_modem_has_no_more_sockets():
    wire = Wire()
    for _ in range(12):
        wire.modem.open("a", 1)
    try:
        wire.modem.open("a", 1)
        raise AssertionError("thirteen")
    except OSError:
        pass


def test_a_host_cannot_bring_commands_in():
    wire = Wire()
    for host in ('a",1\rAT+CFUN=1,1', "a\n", 'a"', "\xe4"):
        try:
            wire.modem.open(host, 1)
            raise AssertionError(host)
        except OSError:
            pass
    assert wire.modem.outbox == []


def test_a_servers_uri_cannot_bring_commands_in():
    for uri in (
        'coap://a",1\rAT+CFUN=1,1:5683',
        "coap://a\r\nAT+QPOWD:5683",
        'coap://[::1"\rAT+QPOWD]:5683',
        "coap://\u212a.example",
    ):
        _, host, port = split_uri(uri)
        wire = Wire()
        try:
            wire.modem.open(host, port)
            raise AssertionError(uri)
        except OSError:
            assert wire.modem.outbox == []


def test_settings_cannot_bring_commands_in():
    for key in ("apn", "user", "password"):
        for text in ('iot"', "iot\r", "iot\nAT+QPOWD", 'x",0\rAT+CFUN=1,1\r', "\x1b", "\xe4"):
            try:
                Kind({key: text})
                raise AssertionError((key, text))
            except ValueError as error:
                assert text not in str(error)
        assert Kind({key: " !#~"}).setup()


def test_what_waits_is_bounded():
    wire = Wire()
    socket = wire.modem.open("a", 1)
    for i in range(20):
        socket.send(b"%d" % i)
    assert socket.out == [b"16", b"17", b"18", b"19"]
    socket.send(bytes(2000))
    assert len(socket.out) == 4
    wire = Wire(push=True)
    socket = wire.open()
    for _ in range(20):
        wire.modem.input(b'+QIURC: "recv",0,1\r\nx\r\n', 0)
    assert len(socket.got) == 4


def test_an_answer_that_does_not_come_leads_to_a_sign_of_life():
    wire = Wire()
    socket = wire.open()
    socket.send(b"a")
    assert wire.written() == b"AT+QISEND=0,1"
    wire.now = wire.modem.deadline
    wire.modem.poll(wire.now)
    assert wire.written() == b"AT"
    wire.say(b"ERROR")
    assert wire.written() == b""  # not an answer to it
    wire.say(b"OK")
    wire.now += 1000
    wire.modem.poll(wire.now)
    socket.send(b"b")
    assert wire.written() == b"AT+QIRD=0,1500"  # the line that announces it may be lost
    wire.say(b"+QIRD: 0", b"OK")
    assert wire.written() == b"AT+QISEND=0,1" and socket.established


def test_an_interrupt_within_a_script_leads_to_a_sign_of_life():
    class Torn(Kind):
        def send(self, number, datagram, account):
            raise KeyboardInterrupt

    wire = Wire(Torn({}))
    socket = wire.open()
    try:
        socket.send(b"a")
        raise AssertionError("nothing was raised")
    except KeyboardInterrupt:
        pass
    wire.modem.kind = Kind({})
    wire.modem.poll(wire.now)
    assert wire.written() == b"AT"
    wire.say(b"OK")
    wire.now += 1000
    wire.modem.poll(wire.now)
    socket.send(b"b")
    assert wire.written() == b"AT+QIRD=0,1500"  # the line that announces it may be lost
    wire.say(b"+QIRD: 0", b"OK")
    assert wire.written() == b"AT+QISEND=0,1" and socket.established


def test_a_silent_modem_fails_its_sockets_and_later_ones_try_again():
    wire = Wire()
    socket = wire.modem.open("a", 1)
    for _ in range(20):
        wire.now = min(wire.modem.deadline, wire.now + 60000)
        wire.modem.poll(wire.now)
    assert socket.failed == -1 and wire.modem.deadline >= NEVER
    assert wire.now < 30000 + 60000 * 8
    socket.close()
    wire.written()
    again = wire.open()
    assert again.established and again.number == 0


def test_no_network_fails_too():
    wire = Wire()
    socket = wire.modem.open("a", 1)
    for _ in range(100):
        if socket.failed is not None:
            break
        command = wire.written()
        if command.startswith(b"AT"):
            wire.say(*([b"+CGATT: 0", b"OK"] if b"CGATT" in command else [b"OK"]))
        else:
            wire.now = wire.modem.deadline
            wire.modem.poll(wire.now)
    assert socket.failed == -1 and 20000 <= wire.now < 25000


def test_after_a_reboot_the_socket_is_another_context():
    wire = Wire()
    socket = wire.open()
    wire.say(b"RDY", b"APP RDY")
    assert wire.until(b"AT+QIOPEN")
    wire.say(b"OK", b"+QIOPEN: 0,0")
    assert socket.established and socket.contexts == 1 and socket.failed is None


def test_a_refused_socket_is_tried_three_times():
    wire = Wire()
    socket = wire.modem.open("a", 1)
    for _ in range(3):
        assert socket.failed is None
        wire.until(b"AT+QIOPEN")
        wire.say(b"OK", b"+QIOPEN: 0,566")
    assert socket.failed == -1


def test_a_line_that_does_not_arrive_is_made_up_for():
    wire = Wire()
    socket = wire.open()
    socket.send(b"a")
    wire.written()
    wire.modem.input(b"> ", wire.now)
    wire.written()
    wire.say(b"SEND OK")
    assert wire.modem.deadline == wire.now + 4000
    steps = []
    for _ in range(6):
        steps.append(wire.modem.deadline - wire.now)
        wire.now = wire.modem.deadline
        wire.modem.poll(wire.now)
        assert wire.written() == b"AT+QIRD=0,1500"
        wire.say(b"+QIRD: 0", b"OK")
    assert steps == [4000, 8000, 16000, 32000, 60000, 60000]
    assert socket.established


def test_bytes_of_a_datagram_that_never_come():
    wire = Wire(push=True)
    socket = wire.open()
    wire.modem.input(b'+QIURC: "recv",0,900\r\nabc', 0)
    alive_again(wire)
    wire.modem.input(b'+QIURC: "recv",0,1\r\nx\r\n', wire.now)
    assert socket.recv() == b"x" and socket.recv() is None


def alive_again(wire):
    """Bytes of a datagram are lost: it asks for a sign of life, has it at the second attempt."""
    wire.now = wire.modem.deadline
    assert wire.now <= 10000
    for _ in range(2):
        wire.modem.poll(wire.now)
        assert wire.written() == b"AT"
        wire.say(b"OK", b'+QIURC: "recv",1')
        wire.now = wire.modem.deadline
    wire.modem.poll(wire.now)


HOSTILE = b'\r\nAPP RDY\r\n+QIURC: "closed",0\r\n+QIURC: "pdpdeact",1\r\n> \r\nERROR\r\n'


def test_a_late_tail_of_a_datagram_is_no_line():
    for push in (False, True):
        wire = Wire(push=push)
        socket = wire.open()
        if push:
            wire.modem.input(b'+QIURC: "recv",0,900\r\nabc', wire.now)
        else:
            wire.say(b'+QIURC: "recv",0')
            wire.written()
            wire.modem.input(b"+QIRD: 900\r\nabc", wire.now)
        wire.now = wire.modem.deadline
        wire.modem.poll(wire.now)
        assert wire.written() == b"AT"
        tail = (HOSTILE * 20)[:897]
        wire.modem.input(tail[:500], wire.now)
        wire.now = wire.modem.deadline
        wire.modem.poll(wire.now)
        assert wire.written() == b"AT"
        wire.modem.input(tail[500:] + b"\r\n", wire.now)
        wire.say(b"OK")
        wire.now = wire.modem.deadline
        wire.modem.poll(wire.now)
        assert socket.recv() is None
        assert socket.established and not socket.contexts and socket.state == OPEN
        socket.send(b"x")
        assert wire.until(b"AT+QISEND") == b"AT+QISEND=0,1"


def test_a_late_tail_after_a_command_was_given_up_is_no_line():
    wire = Wire()
    socket = wire.open()
    wire.say(b'+QIURC: "recv",0')
    wire.written()
    wire.now += 4000
    wire.modem.input(b"+QIRD: 900\r\nabc", wire.now)
    wire.now += 1000
    wire.modem.poll(wire.now)
    assert wire.written() == b"AT"
    wire.modem.input((HOSTILE * 20)[:897], wire.now)
    wire.say(b"OK")
    assert socket.state == OPEN and wire.modem.state == READY


def test_a_datagram_announced_above_the_buffer_is_no_line():
    for push in (False, True):
        wire = Wire(push=push)
        socket = wire.open()
        if push:
            wire.modem.input(b'+QIURC: "recv",0,1600\r\n' + (HOSTILE * 30)[:1600], wire.now)
        else:
            wire.say(b'+QIURC: "recv",0')
            wire.written()
            wire.modem.input(b"+QIRD: 1600\r\n" + (HOSTILE * 30)[:1600], wire.now)
            wire.say(b"OK")
            assert wire.until(b"AT+QIRD")
            wire.say(b"+QIRD: 0", b"OK")
        assert socket.recv() is None
        assert socket.established and not socket.contexts and socket.state == OPEN
        socket.send(b"x")
        assert wire.written() == b"AT+QISEND=0,1"


def test_reads_do_not_starve_sends_nor_one_socket_another():
    wire = Wire()
    sockets = [wire.open(), wire.open(), wire.open()]
    for socket in sockets:
        socket.send(b"a")
    done = []
    for _ in range(24):
        for socket in sockets:
            wire.say(b'+QIURC: "recv",%d' % socket.number)  # more comes than can be read
            if not socket.out:
                socket.send(b"a")
            socket.recv()
        command = wire.written()
        if command.startswith(b"AT+QISEND"):
            wire.modem.input(b"> ", wire.now)
            wire.written()
            wire.say(b"SEND OK")
        else:
            wire.modem.input(b"+QIRD: 1\r\nx\r\nOK\r\n", wire.now)
        done.append(command[5:11])
    for socket in sockets:
        for kind in (b"SEND=%d", b"RD=%d,1"):
            assert done.count((b"QI" + kind % socket.number)[-6:]) >= 3, done


def test_closing_frees_the_number():
    wire = Wire()
    socket = wire.open()
    socket.close()
    assert wire.until(b"AT+QICLOSE") == b"AT+QICLOSE=0"
    wire.say(b"OK")
    assert not wire.modem.sockets and wire.modem.deadline >= NEVER


def test_garbage_never_raises_and_is_bounded():
    chance = Chance(11)
    words = [b"+QIRD: ", b"OK\r\n", b"> ", b'+QIURC: "recv",', b"\r\n", b"ERROR", b"0,", b"1500"]
    words += [b'"closed",0', b"+QIOPEN: 0,", b"\xff\x00", b"APP RDY", b"+CME ERROR: 3", b"9" * 30]
    for push in (False, True):
        wire = Wire(push=push)
        socket = wire.open()
        for i in range(4000):
            word = words[chance.below(len(words))]
            wire.modem.input(word[: 1 + chance.below(len(word))], wire.now)
            if i % 7 == 0:
                socket.send(b"x")
            if i % 50 == 0:
                wire.now += 5000
                wire.modem.poll(wire.now)
                socket.recv()
            wire.modem.outbox.clear()
            assert (
                len(wire.modem.parser._buffer) < 2100
                and len(socket.got) <= 4
                and len(socket.out) <= 4
            )


def test_what_the_table_of_the_bg95_reads():
    parse = Kind({}).parse
    assert parse(b'+QIURC: "recv",3') == (READABLE, 3, 0)
    assert parse(b'+QIURC: "recv",3,40') == (READABLE, 3, 0)
    assert Kind({"push": True}).parse(b'+QIURC: "recv",3,40') == (RECEIVED, 3, 40)
    assert parse(b"+QIRD: 0") == (RECEIVED, -1, 0)
    assert parse(b"+QSSLRECV: 17") == (RECEIVED, -1, 17)
    assert parse(b"+QIOPEN: 2,566") == (OPENED, 2, 566)
    assert parse(b'+QIURC: "closed",1') == (SOCKET_CLOSED, 1, 0)
    assert parse(b'+QIURC: "pdpdeact",1') == (DOWN, -1, 0)
    assert parse(b"APP RDY") == (BOOT, -1, 0)
    assert parse(b"+QCSQ: 1")[0] is None and parse(b"OK")[0] is None


def test_a_task_that_waits_is_resumed():
    pushed = []

    class Core:
        class cur_task:  # noqa: N801 as asyncio has it
            data = None

        class _task_queue:  # noqa: N801 as asyncio has it
            push = pushed.append

    asyncio_core = wakeup._core
    wakeup._core = Core
    try:
        wire = Wire(push=True)
        socket = wire.open()
        wakeup.wait(socket.readable())
        assert pushed.pop() is Core.cur_task and not pushed  # it became established
        socket.recv()
        wakeup.wait(socket.readable())
        waiting = socket.readable()
        assert pushed == [] and Core.cur_task.data is waiting
        wire.modem.input(b'+QIURC: "recv",0,1\r\nx\r\n', 0)
        assert pushed == [Core.cur_task]
        wakeup.wait(socket.readable())  # there is something: at once
        assert len(pushed) == 2
        socket.recv()
        wakeup.wait(socket.readable())
        waiting.remove(Core.cur_task)  # cancelled
        wire.modem.input(b'+QIURC: "recv",0,1\r\nx\r\n', 0)
        assert len(pushed) == 2
    finally:
        wakeup._core = asyncio_core


class Uart:
    """As machine.UART with time-out 0: takes 100 bytes at a time, gives what is there."""

    def __init__(self, came=b"", full=False):
        self.came = came
        self.sent = b""
        self.full = full

    def any(self):
        """How many bytes there are."""
        return len(self.came)

    def read(self, count):
        """So many, or None."""
        assert 0 < count <= len(self.came)
        data, self.came = self.came[:count], self.came[count:]
        return data

    def write(self, data):
        """How many it took, or None."""
        if self.full:
            return None
        self.sent += data[:100]
        return min(len(data), 100)


def test_a_uart_is_read_and_written_without_waiting():
    uart = Uart(bytes(range(256)) * 2)
    stream = Stream(uart)
    assert len(stream.recv()) == 256 and len(stream.recv()) == 256
    for _ in range(20):
        assert stream.recv() is None
    stream.send(b"x" * 250)
    assert uart.sent == b"x" * 250
    stream.send(b"y" * 2000)  # more than it ever takes at once: the rest is dropped
    assert len(uart.sent) == 250 + 800
    Stream(Uart(full=True)).send(b"x")


def test_a_tty_that_has_hung_up_is_an_error():
    class Tty:
        """It has no `any`."""

        def read(self, count):
            """Nothing more."""
            return b""

    stream = Stream(Tty())
    for _ in range(4):
        assert stream.recv() is None
    try:
        stream.recv()
        raise AssertionError("nothing")
    except OSError as error:
        assert error.args[0] == 5
