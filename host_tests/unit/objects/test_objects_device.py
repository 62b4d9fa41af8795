"""Object 3: errors, time, memory, power, Reboot and Factory Reset, asked for as servers do."""

from session import meter_model, registered
from virtual import DELETE, GET, POST, PUT, text_of

from lwm2m.model import Lwm2mError
from lwm2m.objects.device import Device, unix_time

CONTENT, CHANGED = 0x45, 0x44
TLV = [(12, b"\x2d\x16")]
AS_TLV = [(17, 11542)]
NOW = 1790000007
ETS_651 = b"\xc4\x0d\x51\x82\x42\x8f" + b"\xc6\x0e+02:00" + b"\xc8\x0f\x0cEurope/Paris"


def session_with(resources=None, **hooks):
    """A session whose Device is made of these."""
    model = meter_model()
    made = {0: "Maker", 3: "1.0", 13: None, 14: "+00:00", 15: "Etc/UTC"}
    made.update(resources or {})
    hooks.setdefault("clock", lambda: NOW)
    model.objects[3] = Device(made, **hooks)
    return registered(model=model)


def errors(session):
    return session.model.object(3).instances[0][11]


def test_the_time_is_the_clocks_exact_in_every_digit():
    session = session_with()
    assert session.ask(GET, "3/0/13")[2] == b"1790000007"
    assert session.ask(GET, "3/0/13", AS_TLV)[2] == b"\xc4\x0d\x6a\xb1\x3b\x87"


def test_without_a_clock_the_time_is_the_ports():
    session = session_with(clock=None)
    shown = int(session.ask(GET, "3/0/13")[2])
    assert abs(shown - unix_time()) <= 1 and shown > 1700000000


def test_a_written_time_runs_on_from_there():
    now = [NOW]
    session = session_with(clock=lambda: now[0])
    assert session.ask(PUT, "3/0/13", (), b"1367491215")[0] == CHANGED
    assert session.ask(GET, "3/0/13")[2] == b"1367491215"
    now[0] += 86400 * 400
    assert session.ask(GET, "3/0/13")[2] == b"1402051215"
    assert session.ask(PUT, "3/0/13", (), b"0")[0] == CHANGED
    assert session.ask(GET, "3/0/13")[2] == b"0"


def test_a_written_time_goes_to_the_boards_clock():
    now = [NOW]

    def set_clock(seconds):
        if seconds < 1000:
            raise Lwm2mError(0x80)
        now[0] = seconds

    session = session_with(clock=lambda: now[0], set_clock=set_clock)
    assert session.ask(PUT, "3/0/13", (), b"1367491215")[0] == CHANGED
    assert now == [1367491215]
    assert session.ask(PUT, "3/0/13", (), b"999")[0] == 0x80
    assert session.ask(GET, "3/0/13")[2] == b"1367491215"


def test_times_that_no_clock_has_are_refused():
    session = session_with()
    for text in (b"-1", b"4294967296", b"99999999999999999999", b"x", b""):
        assert session.ask(PUT, "3/0/13", (), text)[0] == 0x80, text
    assert session.ask(GET, "3/0/13")[2] == b"1790000007"
    assert session.ask(PUT, "3/0/13", (), b"4294967295")[0] == CHANGED
    assert session.ask(GET, "3/0/13")[2] == b"4294967295"


def test_ets_651_three_resources_are_written_at_once_and_restored():
    session = session_with()
    before = [session.ask(GET, "3/0/%d" % rid)[2] for rid in (14, 15)]
    assert session.ask(POST, "3/0", TLV, ETS_651)[0] == CHANGED
    shown = [session.ask(GET, "3/0/%d" % rid)[2] for rid in (13, 14, 15)]
    assert shown == [b"1367491215", b"+02:00", b"Europe/Paris"]
    restore = b"\xc4\x0d\x6a\xb1\x3b\x87" + b"\xc6\x0e+00:00" + b"\xc7\x0fEtc/UTC"
    assert session.ask(PUT, "3/0", TLV, restore)[0] == CHANGED
    assert [session.ask(GET, "3/0/%d" % rid)[2] for rid in (14, 15)] == before
    assert session.ask(GET, "3/0/13")[2] == b"1790000007"


def test_ets_651_works_where_the_maker_gave_none_of_the_three():
    model = meter_model()
    model.objects[3] = Device({0: "Maker"}, clock=lambda: NOW)
    session = registered(model=model)
    assert session.ask(GET, "3/0/13")[0] == 0x84
    assert session.ask(POST, "3/0", TLV, ETS_651)[0] == CHANGED
    shown = [session.ask(GET, "3/0/%d" % rid)[2] for rid in (13, 14, 15)]
    assert shown == [b"1367491215", b"+02:00", b"Europe/Paris"]


def test_of_a_write_with_a_value_out_of_range_nothing_remains():
    session = session_with()
    wrong = ETS_651.replace(b"\x0cEurope/Paris", b"\x41" + b"x" * 65)
    assert session.ask(POST, "3/0", TLV, wrong)[0] == 0x80
    shown = [session.ask(GET, "3/0/%d" % rid)[2] for rid in (13, 14, 15)]
    assert shown == [b"1790000007", b"+00:00", b"Etc/UTC"]


def test_ets_652_680_and_685():
    session = session_with()
    assert session.ask(GET, "3/0/3", [(17, 0)])[2] == b"1.0"
    assert session.ask(POST, "3", TLV, b"\x08\x01\x03\xc1\x0eZ")[0] == 0x85
    assert session.ask(DELETE, "3/0")[0] == 0x85


def test_errors_take_and_leave_their_instances():
    session = session_with()
    device = session.model.object(3)
    assert errors(session) == {0: 0}
    device.error(5)
    assert errors(session) == {0: 5}
    device.error(16)
    device.error(16)
    device.error(1)
    assert errors(session) == {0: 5, 1: 16, 2: 1}
    assert (
        session.ask(GET, "3/0/11", AS_TLV)[2]
        == b"\x88\x0b\x09\x41\x00\x05\x41\x01\x10\x41\x02\x01"
    )
    device.clear(16)
    device.clear(2)
    assert errors(session) == {0: 5, 2: 1}
    device.error(32)
    assert errors(session) == {0: 5, 1: 32, 2: 1}
    for code in (5, 1, 32):
        device.clear(code)
    assert errors(session) == {0: 0}


def test_the_first_instance_is_used_again():
    session = session_with()
    device = session.model.object(3)
    device.error(7)
    device.error(8)
    device.clear(7)
    assert errors(session) == {1: 8}
    device.error(3)
    assert errors(session) == {0: 3, 1: 8}


def test_reset_error_code_leaves_the_one_that_is_none():
    session = session_with()
    device = session.model.object(3)
    for code in (2, 4, 6):
        device.error(code)
    assert session.ask(POST, "3/0/12")[0] == CHANGED
    assert errors(session) == {0: 0}
    assert not device.rebooting
    assert session.ask(GET, "3/0/11/0")[2] == b"0" and session.ask(GET, "3/0/11/1")[0] == 0x84


def test_what_the_board_measures_is_asked_at_each_read():
    battery = [80]
    power = {6: {0: 1, 1: 5}, 7: lambda: {0: 3600, 1: 5000 + battery[0]}, 8: {0: 12, 1: -3}}
    power.update({9: lambda: battery[0], 20: 0})
    session = session_with(power)
    assert session.ask(GET, "3/0/9")[2] == b"80"
    battery[0] = 79
    assert session.ask(GET, "3/0/9")[2] == b"79"
    assert session.ask(GET, "3/0/20")[2] == b"0"
    assert session.ask(GET, "3/0/6/1")[2] == b"5"
    assert session.ask(GET, "3/0/7/1")[2] == b"5079"
    assert session.ask(GET, "3/0/8/1")[2] == b"-3"
    assert session.ask(GET, "3/0/7", AS_TLV)[2] == b"\x88\x07\x08\x42\x00\x0e\x10\x42\x01\x13\xd7"


def test_links_to_external_devices():
    session = session_with({22: {0: (3411, 0)}})
    assert session.ask(GET, "3/0/22/0")[2] == b"3411:0"


def test_memory_is_in_kilobytes_and_its_total_optional():
    session = session_with({21: None})
    free, total = [int(session.ask(GET, "3/0/%d" % rid)[2]) for rid in (10, 21)]
    assert 0 < free < total
    assert session_with().ask(GET, "3/0/21")[0] == 0x84


def test_what_nobody_gives_is_not_there():
    session = session_with()
    for rid in (1, 2, 5, 6, 7, 8, 9, 17, 18, 19, 20, 21, 22):
        assert session.ask(GET, "3/0/%d" % rid)[0] == 0x84, rid


def test_reboot_and_factory_reset():
    session = session_with()
    assert session.ask(POST, "3/0/5")[0] == 0x84
    assert session.ask(POST, "3/0/4")[0] == CHANGED
    assert session.model.object(3).rebooting
    called = []
    session = session_with(factory_reset=lambda: called.append(1))
    assert session.ask(POST, "3/0/5")[0] == CHANGED
    assert called == [1] and session.model.object(3).rebooting
    assert session.ask(GET, "3/0/5")[0] == 0x85


def test_a_factory_reset_that_fails_does_not_reboot():
    def refuse():
        raise Lwm2mError(0x85)

    session = session_with(factory_reset=refuse)
    assert session.ask(POST, "3/0/5")[0] == 0x85
    assert not session.model.object(3).rebooting


def test_a_whole_device_is_read_and_discovered():
    session = session_with({6: {0: 1}, 9: lambda: 55, 21: None}, factory_reset=lambda: None)
    body = session.ask(GET, "3/0", AS_TLV)[2]
    assert b"\xc5\x00Maker" in body and b"\xc1\x09\x37" in body
    links = session.ask(GET, "3/0", [(17, 40)])[2]
    assert b"</3/0/5>" in links and b"</3/0/6>;dim=1" in links and b"</3/0/12>" in links


def test_the_classes_say_what_is_single():
    assert Device.single and not Device.creatable
    assert text_of(AttributeError, getattr, Device, "room")
