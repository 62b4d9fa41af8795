"""The modem's engine after errors: what is asked next, and when."""

from modem_wire import Wire

from modem.scripts import OFF, READY
from modem.socket import OPEN, SHUT


def test_a_socket_that_cannot_be_read_or_sent_to_is_opened_again_at_once():
    wire = Wire()
    socket = wire.open()
    wire.say(b'+QIURC: "recv",0')
    assert wire.written() == b"AT+QIRD=0,1500"
    wire.say(b"ERROR")
    assert wire.written() == b"AT+QICLOSE=0" and socket.state == SHUT
    wire.until(b"AT+QIOPEN")
    wire.say(b"OK", b"+QIOPEN: 0,0")
    assert socket.state == OPEN and socket.contexts == 1 and not socket.pending
    socket.send(b"x")
    assert wire.written() == b"AT+QISEND=0,1"
    wire.say(b"+CME ERROR: 3")
    assert wire.written() == b"AT+QICLOSE=0" and socket.failed is None


def test_a_send_that_fails_for_a_full_buffer_leaves_the_socket_open():
    wire = Wire()
    socket = wire.open()
    socket.send(b"x")
    assert wire.written() == b"AT+QISEND=0,1"
    wire.modem.input(b"> ", wire.now)
    assert wire.written() == b"x"
    wire.say(b"SEND FAIL")
    assert wire.written() == b"" and socket.state == OPEN and not socket.contexts


def test_a_socket_that_the_network_closes_is_opened_again():
    wire = Wire()
    socket = wire.open()
    wire.say(b'+QIURC: "closed",0')
    assert wire.until(b"AT+QIOPEN")
    wire.say(b'+QIURC: "closed",0')  # late: it is opening
    wire.say(b"OK", b"+QIOPEN: 0,0")
    assert socket.state == OPEN and socket.contexts == 1
    socket.close()
    wire.until(b"AT+QICLOSE")
    wire.say(b'+QIURC: "closed",0', b"OK")
    assert not wire.modem.sockets


def test_a_lost_network_brings_everything_up_again():
    wire = Wire()
    socket = wire.open()
    wire.say(b'+QIURC: "pdpdeact",1')
    assert wire.written() == b"AT" and wire.modem.state == OFF and socket.state == SHUT
    assert wire.until(b"AT+QIACT=1")
    wire.say(b'+QIURC: "pdpdeact",1')  # of before: it goes on
    wire.say(b"OK")
    assert wire.until(b"AT+QIOPEN")
    wire.say(b"OK", b"+QIOPEN: 0,0")
    assert socket.contexts == 1 and wire.modem.state == READY


def test_a_modem_that_reboots_while_it_is_set_up_is_set_up_from_the_beginning():
    wire = Wire()
    socket = wire.modem.open("a", 1)
    assert wire.until(b"AT+QIACT=1")
    wire.say(b"APP RDY")
    assert wire.written() == b"AT" and not socket.established
    wire.say(b"OK")
    wire.now = wire.modem.deadline
    wire.modem.poll(wire.now)
    assert wire.written() == b"ATE0"


def test_what_is_not_yet_there_is_asked_again_after_two_seconds():
    wire = Wire()
    wire.modem.open("a", 1)
    assert wire.until(b"ATE0") == b"ATE0"
    wire.say(b"OK")
    assert wire.written() == b"AT+CGATT?"
    wire.say(b"+CGATT: 0", b"OK")
    assert wire.written() == b""
    assert wire.modem.deadline == wire.now + 2000
    wire.now = wire.modem.deadline
    wire.modem.poll(wire.now)
    assert wire.written() == b"ATE0"
    wire.say(b"ERROR")  # whatever it answers to that
    assert wire.written() == b"AT+CGATT?"
    wire.say(b"+CGATT: 1", b"OK")
    assert wire.written().startswith(b"AT+QICSGP")


def test_after_two_refusals_of_a_socket_the_network_is_looked_at_and_then_it_fails():
    wire = Wire()
    socket = wire.modem.open("a", 1)
    heard = []
    for _ in range(3):
        wire.until(b"AT+QIOPEN")
        heard.append((socket.opens, wire.now))
        wire.say(b"OK", b"+QIOPEN: 0,566")
        assert wire.modem.state == (OFF if socket.opens == 2 else READY)
    assert socket.failed == -1 and [opens for opens, _ in heard] == [0, 1, 2]
    assert heard[1][1] - heard[0][1] >= 2000
    assert not socket.established


def test_a_socket_whose_opening_is_not_heard_of_is_opened_again():
    wire = Wire()
    socket = wire.modem.open("a", 1)
    wire.until(b"AT+QIOPEN")
    wire.say(b"OK")
    begun = wire.now
    assert wire.modem.deadline == begun + 150000
    wire.until(b"AT+QIOPEN")
    assert 150000 <= wire.now - begun < 155000 and socket.opens == 1
    wire.say(b"ERROR")  # refused at once
    assert socket.opens == 2 and wire.modem.state == OFF


def test_the_datagram_that_a_modem_waits_for_is_made_up_after_three_signs_of_life():
    wire = Wire()
    wire.modem.open("a", 1)
    floods = []
    for _ in range(12):
        data = b"".join(wire.modem.outbox)
        wire.modem.outbox.clear()
        assert data.endswith(b"\x1b" + b"\r" * (len(data) - 4) + b"AT\r")
        floods.append(len(data) - 5)
        assert wire.modem.deadline == wire.now + 1000
        wire.now = wire.modem.deadline
        wire.modem.poll(wire.now)
    assert floods == [0, 0, 0] + [364] * 4 + [0] * 5
    assert wire.modem.sockets[0].failed == -1 and wire.modem.state == OFF


def test_a_socket_that_is_closed_is_silent():
    wire = Wire(push=True)
    socket = wire.open()
    wire.modem.input(b'+QIURC: "recv",0,1\r\nx\r\n', 0)
    socket.out.append(b"y")
    socket.close()
    assert socket.recv() is None and not socket.out and not socket.established
    socket.send(b"z")
    wire.modem.input(b'+QIURC: "recv",0,1\r\nx\r\n', 0)
    assert not socket.got and not socket.out


def test_what_does_not_fit_waits_in_the_modem():
    wire = Wire()
    socket = wire.open()
    for i in range(4):
        wire.say(b'+QIURC: "recv",0')
        assert wire.written() == b"AT+QIRD=0,1500"
        wire.modem.input(b"+QIRD: 1\r\n%d\r\nOK\r\n" % i, wire.now)
        if i < 3:
            assert wire.written() == b"AT+QIRD=0,1500"
            wire.say(b"+QIRD: 0", b"OK")
    assert wire.written() == b"" and socket.pending
    assert socket.recv() == b"0" and wire.written() == b"AT+QIRD=0,1500"
    wire.modem.input(b"+QIRD: 1\r\n4\r\nOK\r\n", wire.now)
    assert [socket.recv() for _ in range(4)] == [b"1", b"2", b"3", b"4"]


def test_a_datagram_above_the_mtu_or_of_nothing_is_dropped():
    wire = Wire(push=True)
    socket = wire.open()
    for size, taken in ((1280, True), (1281, False), (1500, False)):
        wire.modem.input(b'+QIURC: "recv",0,%d\r\n' % size + b"x" * size + b"\r\n", 0)
        assert (socket.recv() is not None) == taken, size
    wire.modem.input(b'+QIURC: "recv",0,1600\r\n' + b"x" * 1000, 0)
    assert len(wire.modem.parser._buffer) == 0  # not kept until it is whole
