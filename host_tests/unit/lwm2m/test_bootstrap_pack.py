"""Bootstrap-Pack of LwM2M 1.2, and what follows where a server has none (ETS 1.2-12)."""

from bootstrapping import (
    CHANGED,
    CONTENT,
    KEY,
    OFF,
    WAITING,
    Bench,
    bare_model,
    security,
    server,
    with_server,
)
from virtual import ACK, CON, GET, NEVER

from coap.message import encode

PACK = b"""[{"bn":"/0/0/","n":"0","vs":"coap://new"},{"n":"1","vb":false},{"n":"2","v":3},
{"n":"10","v":7},{"bn":"/1/4/","n":"0","v":7},{"n":"1","v":300},{"n":"6","vb":false},
{"n":"7","vs":"U"},{"bn":"/3/0/","n":"0","vs":"Other"},{"bn":"/99/0/","n":"0","v":1}]"""


def packing(model=None, **settings):
    """A bench of version 1.2."""
    settings.setdefault("preferred", "110")
    return Bench(model, "1.2", **settings)


def answer(bench, code, payload=b"", number=110):
    """Answer the latest request."""
    sent = [sent for _, sent in bench.sent if sent[0] == CON and sent[1] == GET][-1]
    options = [(12, number)] if payload else []
    return bench.give(encode(ACK, code, sent[2], sent[3], options, payload))


def asked(bench):
    """Paths of the requests, each once."""
    found = []
    for _, sent in bench.sent:
        path = "/".join([value.decode() for number, value in sent[4] if number == 11])
        if path and path not in found:
            found.append(path)
    return found


def test_what_is_in_a_pack_holds_at_once():
    bench = packing(bare_model(iid=1))
    sent = bench.sent[0][1]
    assert sent[1] == GET and (17, b"\x6e") in sent[4] and (15, b"ep=urn:test") in sent[4]
    answer(bench, CONTENT, PACK)
    assert bench.uris() == ["coap://new"] and bench.renewed == 1
    assert asked(bench) == ["bspack"]
    assert bench.core.state == OFF and bench.core.peer is None
    bench.core.settled(bench.now)
    bench.service()
    assert bench.core.deadline == NEVER
    assert bench.account.exists() and bench.account.uri == "coap://bs"
    assert bench.model.object(3).instances[0][0] == "Maker"


def test_objects_in_it_are_replaced_and_others_stay():
    model = with_server(bare_model(iid=1))
    model.object(16).instances[0] = {0: {0: "x"}}
    bench = packing(model)
    bench.core.requested(0)
    bench.service()
    answer(bench, CONTENT, PACK)
    assert bench.uris() == ["coap://new"] and list(model.object(1).instances) == [4]
    assert model.object(16).instances == {0: {0: {0: "x"}}}


def test_a_server_without_packs_is_asked_the_other_way():
    for code, payload, number in (
        (0x84, b"", 110),
        (0x85, b"", 110),
        (CONTENT, b"[", 110),
        (CONTENT, PACK, 50),
        (CONTENT, PACK.replace(b'"v":300', b'"v":0'), 110),
        (CONTENT, PACK.replace(b"coap:", b"http:"), 110),
        (CONTENT, b"[]", 110),
    ):
        bench = packing()
        before = bench.state()
        answer(bench, code, payload, number)
        assert bench.state() == before
        assert asked(bench) == ["bspack", "bs"], (code, payload)
        assert bench.bootstrap() == CHANGED


def test_keys_in_it_are_refused_where_all_can_hear_them():
    from binascii import b2a_base64

    key = b'{"n":"5","vd":"' + b2a_base64(KEY).strip() + b'"},'
    pack = PACK.replace(b'{"n":"10"', key + b'{"n":"10"')
    bench = packing()
    answer(bench, CONTENT, pack)
    assert bench.uris() == [] and asked(bench) == ["bspack", "bs"]
    assert (3, "bootstrap pack", 0x80) in bench.logged


def test_silence_is_a_failure():
    bench = packing()
    bench.run(100000, lambda: bench.core.state == WAITING)
    assert bench.core.state == WAITING and bench.uris() == [] and asked(bench) == ["bspack"]


def test_a_server_that_writes_meanwhile_is_not_disturbed():
    bench = packing()
    assert bench.write("0/0", security("coap://newer", 1)) == CHANGED
    answer(bench, CONTENT, PACK)
    assert bench.write("1/0", server(1)) == CHANGED
    assert bench.finish() == CHANGED and bench.uris() == ["coap://newer"]


def test_versions_before_and_meters_without_senml_do_not_ask_for_it():
    assert asked(Bench(None, "1.1", preferred="112")) == ["bs"]
    assert asked(packing(preferred="11542")) == ["bs"]


def test_one_value_is_no_pack():
    for number, payload in ((0, b"5"), (42, b"5"), (60, b"\x05")):
        bench = packing()
        answer(bench, CONTENT, payload, number)
        assert asked(bench) == ["bspack", "bs"], number
