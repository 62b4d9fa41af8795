"""The meter on the Unix port registers through the sockets of a fake modem."""

import contextlib
import time

import aiocoap
import pytest
from host_tests.interop.meter import TWO_SERVERS
from host_tests.interop.scripted import Peer
from host_tests.interop.wire import CHANGED, CONTENT

PATIENT = {"ack_timeout": 1000, "ack_random": 1000}
SLOW = 30.0  # seconds for what has time-outs of the modem in it


def section(modem, **more):
    """The configuration's section."""
    return {"device": modem.device, "kind": "bg95", "apn": "iot.example", **more}


@pytest.fixture
def registered(peer, modem, start):
    """A meter that is registered through the modem."""
    meter = start(peer.uri, modem=section(modem), coap=PATIENT)
    peer.register(SLOW)
    meter.wait_log("registered")
    return meter


def read(peer):
    """Read the manufacturer: it must be the meter's."""
    assert peer.read("/3/0/0").code == CONTENT


def test_it_registers_is_read_and_leaves(peer, modem, registered):
    read(peer)
    assert peer.request(2, "/1/0/8").code == CHANGED
    peer.wait_update()
    registered.interrupt()
    peer.wait_deregister()
    assert registered.wait() == 0
    assert 'AT+QICSGP=1,1,"iot.example","","",0' in modem.heard
    assert any('"UDP","127.0.0.1",%d,0,0' % peer.port in line for line in modem.heard)


def test_direct_push_mode(peer, modem, start):
    start(peer.uri, modem=section(modem, push=True), coap=PATIENT)
    peer.register(SLOW)
    read(peer)
    assert not [line for line in modem.heard if "QIRD" in line]


def test_binary_with_line_ends_prompts_and_answers_in_it(peer, modem, registered):
    text = '\r\nOK\r\n> \r\nERROR\r\n\r\nRDY\r\n+QIURC: "closed",0\r\n'
    assert peer.write("/1/0/1", "77") == CHANGED
    heard = peer.request(3, "/3/0/15", [(12, b"")], text.encode())
    assert heard.code == CHANGED
    assert peer.read("/3/0/15").payload == text.encode()


def test_byte_by_byte(peer, modem, start):
    modem.piece = 1
    start(peer.uri, modem=section(modem), coap=PATIENT)
    peer.register(SLOW)
    for _ in range(3):
        read(peer)


def test_a_network_that_takes_its_time(peer, modem, start):
    modem.attach = 3
    meter = start(peer.uri, modem=section(modem), coap=PATIENT)
    meter.wait_log("AT.CGATT")
    peer.register(SLOW)
    assert modem.heard.count("AT+CGATT?") == 3


def test_a_lost_line_of_a_request_is_looked_for(peer, modem, start):
    meter = start(peer.uri, modem=section(modem, look=2), coap=PATIENT)
    peer.register(SLOW)
    meter.wait_log("registered")
    modem.lose_urcs = 1
    read(peer)
    assert modem.lose_urcs == 0


def test_a_lost_line_of_an_answer_is_looked_for(peer, modem, start):
    meter = start(peer.uri, modem=section(modem), coap={"ack_timeout": 60000})
    register = peer.wait_register(SLOW)
    modem.lose_urcs = 1
    peer.grant(register)
    meter.wait_log("registered", 10)


def test_errors_in_answer_to_everything_once(peer, modem, start):
    commands = ["CGATT?", "QICSGP", "QIACT=", "QIACT?", "QIOPEN", "QISEND"]
    modem.refuse = {"AT+" + command: 1 for command in commands}
    start(peer.uri, modem=section(modem), coap=PATIENT)
    peer.register(SLOW)
    read(peer)
    assert not any(modem.refuse.values())


def test_a_socket_that_cannot_be_read_is_opened_again(peer, modem, registered):
    modem.refuse = {"AT+QIRD": 1}
    peer.send(peer.build(1, "/3/0/0"))
    peer.register(SLOW)
    read(peer)


def test_no_answer_to_a_command(peer, modem, registered):
    modem.deaf = 2
    peer.send(peer.build(1, "/3/0/0"))
    registered.wait_log("no answer to AT", SLOW)
    modem.deaf = 0
    peer.drain()
    read(peer)


def test_bytes_of_a_datagram_are_lost_on_the_line(peer, modem, registered):
    modem.lose_words = 5
    peer.send(peer.build(1, "/3/0/0"))
    time.sleep(4)
    peer.drain()
    read(peer)


@pytest.mark.parametrize("silently", [False, True])
def test_a_reboot_in_the_midst(peer, modem, start, silently):
    meter = start(peer.uri, modem=section(modem), coap=PATIENT, lifetime=20)
    peer.register(SLOW)
    meter.wait_log("registered")
    modem.boots_silently = silently
    modem.reboot()
    peer.drain()
    before = peer.meter
    while (heard := peer.receive(SLOW)).path != ["rd"]:
        peer.answer(heard, CHANGED)  # an Update, again
    peer.grant(heard)
    assert peer.meter != before
    read(peer)


def test_the_network_is_lost_and_comes_back(peer, modem, registered):
    modem.lose_network()
    registered.wait_log("network lost")
    peer.register(SLOW)
    read(peer)


def test_the_socket_is_closed_by_the_network(peer, modem, registered):
    modem.urc('+QIURC: "closed",0')
    peer.register(SLOW)
    read(peer)


def test_garbage_on_the_line(peer, modem, registered):
    lines = b'+QIURC: "recv",99\r\n+QIOPEN: x\r\n> \r\n'
    for noise in (b"\xff" * 3000, b"+QIRD: 1499\r\nabc", lines):
        modem.say(noise)
        time.sleep(0.1)
    time.sleep(3.5)
    read(peer)


def test_two_servers_over_one_modem(peer, modem, start, monkeypatch):
    with contextlib.closing(Peer()) as other:
        monkeypatch.setenv("SECOND_SERVER", other.uri)
        meter = start(peer.uri, main=TWO_SERVERS, modem=section(modem), coap=PATIENT)
        peer.register(SLOW)
        other.register(SLOW)
        for _ in range(3):
            read(other)
            read(peer)
        meter.interrupt()
        peer.wait_deregister()
        other.wait_deregister()
        assert meter.wait() == 0


def test_statistics_count_what_goes_through_the_modem(peer, modem, start):
    start(peer.uri, modem=section(modem), coap=PATIENT, statistics={"period": 600})
    peer.register(SLOW)
    assert peer.execute("/7/0/6") == CHANGED
    read(peer)
    assert int(peer.read("/7/0/4", 0).payload) > 20


def test_it_reboots_by_command(peer, modem, registered):
    assert peer.execute("/3/0/4") == CHANGED
    peer.register(SLOW)
    read(peer)


def test_our_dtls_over_the_modem(peer, modem, front, start):
    server = front("PSK-AES128-CCM8")
    meter = start(server.account["uri"], servers=[server.account], modem=section(modem), log=4)
    peer.register(SLOW)
    meter.wait_log("session established")
    read(peer)
    assert not [line for line in meter.lines if "30313233" in line or "0123456789" in line]


def test_native_dtls_over_the_modem(peer, modem, front, start):
    server = front("PSK-AES128-GCM-SHA256")
    config = {"modem": section(modem), "dtls": {"backend": "native"}}
    start(server.account["uri"], servers=[server.account], **config)
    peer.register(SLOW)
    read(peer)


def test_our_dtls_outlives_a_reboot_of_the_modem(peer, modem, front, start):
    server = front("PSK-AES128-CCM8")
    meter = start(server.account["uri"], servers=[server.account], modem=section(modem), log=4)
    peer.register(SLOW)
    meter.wait_log("registered")
    modem.reboot()
    meter.wait_log("modem: rebooted")
    meter.interrupt()  # what it says now goes through the new socket
    meter.wait(15)
    assert [line for line in meter.lines if "modem: socket" in line][1:]


def test_the_modems_own_dtls_by_a_vendors_table(peer, modem, front, start):
    server = front("PSK-AES128-CCM8")
    config = section(modem, kind="fake")
    dtls = {"backend": "modem"}
    start(server.account["uri"], servers=[server.account], modem=config, dtls=dtls)
    peer.register(SLOW)
    read(peer)
    assert any("QSSLOPEN" in line for line in modem.heard)
    modem.reboot()
    server.close()


def test_a_meter_that_is_killed_leaves_the_modem_usable(peer, modem, start):
    meter = start(peer.uri, modem=section(modem), coap=PATIENT)
    peer.register(SLOW)
    meter.kill()
    modem.lines[0].buffer.append(b"old")
    with modem._lock:
        modem._data = (0, 1200, b"")  # it was killed while it sent
        modem._echoing = True
    start(peer.uri, modem=section(modem), coap=PATIENT)
    heard = None
    while heard is None or heard.path != ["rd"]:
        with contextlib.suppress(aiocoap.error.UnparsableMessage):  # the rest of it, no CoAP
            heard = peer.receive(SLOW)
    peer.grant(heard)
    read(peer)
