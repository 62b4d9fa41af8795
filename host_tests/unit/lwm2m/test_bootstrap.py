"""The bootstrap server's operations, and what is made of them (LwM2M Core 6.1.7)."""

from bootstrapping import (
    BAD_REQUEST,
    CHANGED,
    CONTENT,
    DELETED,
    ENDED,
    KEY,
    LINKS,
    NOT_ACCEPTABLE,
    NOT_ALLOWED,
    TLV,
    Bench,
    bare_model,
    security,
    server,
    with_server,
)
from lab import instance, resource
from virtual import FETCH, GET, POST, PUT, request

from lwm2m.errors import Lwm2mError
from lwm2m.objects.device import Device

SECURE = "coaps://bs"


def served(*arguments, **settings):
    """A bench whose Bootstrap-Request was accepted."""
    bench = Bench(*arguments, **settings)
    bench.accept()
    return bench


def secure_model(iid=0):
    """As bare_model, of a bootstrap server over DTLS."""
    return bare_model(SECURE, iid, _3=b"me", _5=KEY)


def test_the_request_has_the_name_and_the_format():
    assert Bench().asked() == [("bs", ["ep=urn:test"])]
    assert Bench(preferred="112").asked() == [("bs", ["ep=urn:test", "pct=112"])]


def test_a_format_that_the_server_has_not_is_left_out():
    bench = Bench(preferred="112")
    bench.accept(0x8F)
    assert bench.asked()[1:] == [("bs", ["ep=urn:test"])]
    assert bench.bootstrap() == CHANGED


def test_ets_0_accounts_are_written_and_hold_from_the_finish_on():
    bench = served(bare_model(iid=1))
    assert bench.write("0/0", security("coap://new", 1)) == CHANGED
    assert bench.write("1/0", server(1)) == CHANGED
    links = bench.discover()
    assert links == [
        "</>;lwm2m=1.1",
        '</0/0>;ssid=1;uri="coap://new"',
        "</0/1>",
        "</1/0>;ssid=1",
        "</3/0>",
        "</16>",
    ]
    assert bench.uris() == [] and bench.renewed == 0  # not yet
    assert bench.finish() == CHANGED
    assert bench.uris() == ["coap://new"] and bench.renewed == 1
    assert bench.account.iid == 1 and bench.account.exists()
    written = bench.model.object(1).instances[0]
    assert written == {0: 1, 1: 300, 4: None, 6: False, 7: "U", 8: None, 9: None}


def test_a_version_of_1_0_has_quotes():
    assert served(version="1.0").discover("3") == ['</>;lwm2m="1.0"', "</3/0>"]


def test_whole_objects_are_written_in_each_format():
    bodies = {
        11542: instance(3, server(7)),
        110: b'[{"bn":"/1/3/","n":"0","v":7},{"n":"1","v":300},{"n":"6","vb":false},'
        b'{"n":"7","vs":"U"}]',
        112: b"\x84\xa3\x21\x65/1/3/\x00\x610\x02\x07\xa2\x00\x611\x02\x19\x01\x2c"
        b"\xa2\x00\x616\x04\xf4\xa2\x00\x617\x03\x61U",
        11544: b"\xa1\x03\xa4\x00\x07\x01\x19\x01\x2c\x06\xf4\x07\x61U",
    }
    for number, body in bodies.items():
        bench = served()
        assert bench.write("1", body, [(12, number)]) == CHANGED, number
        assert bench.write("0/9", security("coap://new", 7)) == CHANGED
        assert bench.finish() == CHANGED
        assert bench.model.object(1).instances[3][1] == 300 and bench.uris() == ["coap://new"]


def test_a_whole_object_of_several_instances():
    bench = served(bare_model(iid=1))
    body = instance(0, security("coap://a", 1)) + instance(2, security("coap://b", 2))
    assert bench.write("0", body) == CHANGED
    assert [link[:5] for link in bench.discover("0")[1:]] == ["</0/0", "</0/1", "</0/2"]


def test_the_account_makes_way_for_a_server_that_gets_its_instance():
    bench = served(bare_model(iid=0))
    assert bench.write("0/0", security("coap://new", 1)) == CHANGED
    assert bench.discover("0")[1:] == ['</0/0>;ssid=1;uri="coap://new"', "</0/1>"]
    assert bench.write("0/1", security("coap://newer", 1)) == CHANGED
    assert bench.delete("0/0") == DELETED
    assert bench.write("1/0", server(1)) == CHANGED
    assert bench.finish() == CHANGED
    assert bench.account.iid == 2 and bench.account.uri == "coap://bs"
    assert bench.uris() == ["coap://newer"]


def test_the_account_written_anew_is_the_only_one():
    bench = served(bare_model(iid=1))
    body = resource(0, b"coap://bs2") + resource(1, b"\1") + resource(2, b"\3")
    assert bench.write("0/0", body) == CHANGED
    assert bench.discover("0")[1:] == ["</0/0>"]
    assert bench.write("0/1", security("coap://new", 1)) == CHANGED
    assert bench.write("1/0", server(1)) == CHANGED
    assert bench.finish() == CHANGED
    assert bench.account.uri == "coap://bs2" and bench.account.iid == 0
    assert sorted(bench.model.object(0).instances) == [0, 1]


def begun(model):
    """A bench with servers, at one of which /1/x/9 was executed."""
    bench = Bench(model)
    assert bench.asked() == []
    bench.core.requested(0)
    bench.service()
    bench.accept()
    return bench


def test_ets_4_what_is_deleted_and_what_stays():
    model = with_server(bare_model(iid=1))
    model.object(16).instances[0] = {0: {0: "x"}}
    bench = begun(model)
    assert bench.delete("0") == DELETED and bench.delete("1") == DELETED
    assert bench.discover() == ["</>;lwm2m=1.1", "</0/1>", "</1>", "</3/0>", "</16/0>"]
    assert bench.ask(GET, "1", [(17, 11542)]) == (CONTENT, b"")
    assert bench.uris() == ["coap://old"]  # until the Finish, which cannot be
    assert bench.finish() == NOT_ACCEPTABLE
    assert bench.uris() == ["coap://old"]


def test_all_is_deleted_but_the_account_and_the_device():
    model = with_server(bare_model(iid=1))
    model.object(16).instances[0] = {0: {0: "x"}}
    bench = begun(model)
    assert bench.delete("") == DELETED
    assert bench.discover() == ["</>;lwm2m=1.1", "</0/1>", "</1>", "</3/0>", "</16>"]
    assert bench.write("0/0", security("coap://new", 1)) == CHANGED
    assert bench.write("1/0", server(1)) == CHANGED
    assert bench.finish() == CHANGED
    assert bench.model.object(16).instances == {} and bench.uris() == ["coap://new"]
    assert bench.model.object(3).instances[0][0] == "Maker"


def test_what_must_not_be_deleted_is_refused_and_what_is_not_there_is_gone():
    bench = served(bare_model(iid=1))
    for path in ("0/1", "3", "3/0", "0/0/1", "1/0/1"):
        assert bench.delete(path) == BAD_REQUEST, path
    for path in ("0/0", "1/7", "21", "0"):
        assert bench.delete(path) == DELETED, path


def test_ets_8_servers_are_read():
    bench = served()
    bench.write("1/4", server(1))
    read = resource(0, b"\1") + resource(1, b"\x01\x2c") + resource(6, b"\0") + resource(7, b"U")
    assert bench.ask(GET, "1", [(17, 11542)]) == (CONTENT, instance(4, read))
    code, body = bench.ask(GET, "1/4", [(17, 110)])
    assert code == CONTENT and b'"bn":"/1/4/"' in body
    for path in ("0", "0/0", "3", "3/0", "1/4/0", ""):
        assert bench.ask(GET, path)[0] == NOT_ALLOWED, path
    assert bench.ask(GET, "2")[0] == 0x84 and bench.ask(GET, "1/5")[0] == 0x84


def test_ets_9_an_inconsistent_configuration_changes_nothing():
    bench = served()
    before = bench.state()
    assert bench.write("1/0/5", b"3600", [(12, 0)]) == CHANGED
    assert bench.finish() == NOT_ACCEPTABLE
    assert bench.state() == before and bench.renewed == 0
    assert bench.core.before is None


def test_accounts_that_cannot_be():
    whole = security("coap://new", 1)
    bad = (
        (security("coap://new", 2), server(1)),
        (security("coap://new", 0), server(0)),
        (security("coap://new", 65535), server(65535)),
        (security("http://new", 1), server(1)),
        (security("nowhere", 1), server(1)),
        (security("coaps://new", 1), server(1)),
        (security("coap://new", 1, b"me", KEY), server(1)),
        (security("coaps://new", 1, b"me", KEY[1:]), server(1)),
        (security("coaps://new", 1, b"", KEY), server(1)),
        (resource(0, b"coap://new"), server(1)),
        (whole, resource(0, b"\x01")),
        (whole, server(1, 0)),
        (whole, b""),
    )
    for one, other in bad:
        bench = served(secure_model())
        before = bench.state()
        assert bench.write("0/0", one) == CHANGED
        bench.write("1/0", other)
        assert bench.finish() == NOT_ACCEPTABLE, (one, other)
        assert bench.state() == before
    bench = served()
    assert bench.write("0/5", whole) == CHANGED
    assert bench.finish() == NOT_ACCEPTABLE


def test_several_servers_without_access_control_are_refused():
    bench = served()
    for ssid in (1, 2):
        assert bench.write("0/%d" % ssid, security("coap://new", ssid)) == CHANGED
        assert bench.write("1/%d" % ssid, server(ssid)) == CHANGED
    assert bench.finish() == NOT_ACCEPTABLE


def test_a_scheme_without_a_transport_is_refused():
    bench = served(secure_model())
    bench.transports = ("coap",)
    assert bench.bootstrap("coaps://new", 1, b"me", KEY) == NOT_ACCEPTABLE


def test_keys_are_refused_where_all_can_hear_them():
    bench = served()
    assert bench.write("0/1", security("coaps://new", 1, b"me", KEY)) == BAD_REQUEST
    assert bench.write("0/1/5", KEY, [(12, 42)]) == BAD_REQUEST
    assert bench.write("0/1", security("coap://new", 1)) == CHANGED
    for bench in (served(keys_allowed=True), served(secure_model())):
        assert bench.bootstrap("coaps://new", 1, b"me", KEY) == CHANGED
        assert bench.uris() == ["coaps://new"]


def test_what_is_unknown_is_left_out_and_what_is_wrong_refused():
    bench = served()
    assert bench.write("1/0", server(1) + resource(99, b"x")) == CHANGED
    assert bench.write("77/0", server(1)) == BAD_REQUEST
    assert bench.write("1/0", b"\xff") == BAD_REQUEST
    assert bench.write("1/0", resource(7, b"XX")) == BAD_REQUEST
    assert bench.write("1/0", server(1), [(12, 50)]) == 0x8F
    assert bench.write("1/0", b"5", [(12, 0)]) == 0x8F
    assert bench.write("1", server(1)) == BAD_REQUEST  # of which Instance?
    assert bench.write("1/0/24/1", b"\0") == NOT_ALLOWED
    assert bench.write("0/0", security("coap://new", 1)) == CHANGED
    assert bench.finish() == CHANGED  # with what was right


def test_an_instance_is_replaced_and_a_resource_is_not():
    bench = served()
    assert bench.write("1/0", server(1) + resource(5, b"\x10")) == CHANGED
    assert bench.write("1/0/1", b"77", [(12, 0)]) == CHANGED
    assert bench.write("0/1", security("coap://new", 1)) == CHANGED
    assert bench.write("3/0/14", b"+02:00", [(12, 0)]) == CHANGED
    assert bench.write("3/1/14", b"+02:00", [(12, 0)]) == BAD_REQUEST
    assert bench.finish() == CHANGED
    account = bench.model.object(1).instances[0]
    assert account[1] == 77 and account[5] == 16
    device = bench.model.object(3).instances[0]
    assert device[14] == "+02:00" and device[0] == "Maker" and 4 in device


def test_what_a_server_writes_is_bounded():
    bench = served()
    codes = [bench.write("1/%d" % iid, server(1)) for iid in range(40)]
    assert codes[:16] == [CHANGED] * 16 and codes[16:] == [BAD_REQUEST] * 24
    bench = served()
    codes = [bench.write("0/0", security("coap://" + "x" * 200, 1)) for _ in range(60)]
    assert codes[:30] == [CHANGED] * 30 and codes[40:] == [0x8D] * 20
    assert bench.delete("0") == DELETED
    bench.run(10**6, lambda: len(bench.dials) > 1)
    assert bench.bootstrap() == CHANGED  # the next time it begins anew


def test_sms_resources_do_not_disturb():
    bench = served(secure_model())
    sms = resource(6, b"\3") + resource(7, b"") + resource(8, b"") + resource(9, b"+49123")
    assert bench.write("0/0", security("coap://new", 1) + sms) == CHANGED
    assert bench.write("1/0", server(1)) == CHANGED
    assert bench.finish() == CHANGED and bench.uris() == ["coap://new"]


def test_other_operations_are_refused():
    bench = served()
    for code, path in ((POST, "1"), (POST, "3/0/4"), (FETCH, ""), (PUT, ""), (POST, "rd")):
        assert bench.ask(code, path)[0] in (NOT_ALLOWED, 0x84), (code, path)
    assert bench.ask(GET, "x", LINKS)[0] == 0x84
    assert not bench.model.object(3).rebooting


def test_a_repeated_finish_is_answered_again():
    bench = served()
    bench.write("0/0", security("coap://new", 1))
    bench.write("1/0", server(1))
    finish = request(POST, 77, "bs")
    assert bench.give(finish)[0][1] == CHANGED
    assert bench.give(finish)[0][1] == CHANGED  # the answer got lost
    assert bench.finish() == CHANGED  # another message
    assert bench.renewed == 1 and bench.core.state == ENDED
    assert bench.write("1/0", server(1)) == NOT_ALLOWED
    assert bench.delete("") == NOT_ALLOWED and bench.ask(GET, "", LINKS)[0] == NOT_ALLOWED


def test_a_whole_object_in_blocks():
    bench = served(bare_model(iid=1))
    body = security("coap://new/" + "x" * 200, 1)
    for number in range(0, len(body), 64):
        more = number + 64 < len(body)
        block = number // 64 << 4 | more << 3 | 2
        code = bench.ask(PUT, "0/0", TLV + [(27, block)], body[number : number + 64])[0]
        assert code == (0x5F if more else CHANGED)
    assert bench.write("1/0", server(1)) == CHANGED
    assert bench.finish() == CHANGED


def test_the_time_of_it_is_kept():
    bench = Bench(clock=1800000000)
    assert bench.bootstrap() == CHANGED
    assert bench.model.object(1).instances[0][12] == 1800000000


def test_a_value_that_its_object_refuses_leaves_all_as_it_was():
    class Fussy(Device):
        def write(self, iid, rid, value):
            if value == "no":
                raise Lwm2mError(0x80)
            super().write(iid, rid, value)

    bench = Bench()
    bench.model.objects[3] = Fussy({0: "Maker", 14: "+01:00"}, lambda: 1)
    before = bench.state()
    bench.accept()
    assert bench.write("3/0/0", b"Other", [(12, 0)]) == CHANGED
    assert bench.write("3/0/14", b"no", [(12, 0)]) == CHANGED
    bench.write("0/0", security("coap://new", 1))
    bench.write("1/0", server(1))
    assert bench.finish() == NOT_ACCEPTABLE
    assert bench.state() == before and bench.uris() == []
    assert bench.model.object(3).instances[0][0] == "Maker"


def test_a_discover_shows_an_account_without_a_number_as_0():
    bench = served(bare_model(iid=1))
    assert bench.write("0/0", resource(0, b"coap://new")) == CHANGED
    assert '</0/0>;ssid=0;uri="coap://new"' in bench.discover("0")


def test_65535_is_no_id():
    bench = served()
    for path in ("65535", "0/65535", "1/65535"):
        assert bench.delete(path) == 0x84, path


def test_a_session_that_stops_has_no_peer_any_more():
    bench = served()
    bench.core.stop(0)
    assert bench.core.peer is None and bench.core.state == 0
