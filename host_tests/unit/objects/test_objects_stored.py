"""Objects 16 and 19: what servers create, fill and delete, within the room there is."""

from session import meter_model, registered
from virtual import DELETE, GET, POST, PUT

from lwm2m.objects.binary_app_data import BinaryAppData
from lwm2m.objects.portfolio import Portfolio
from lwm2m.objects.stored import size

CONTENT, CHANGED, CREATED, DELETED = 0x45, 0x44, 0x41, 0x42
BAD, TOO_LARGE = 0x80, 0x8D
TLV = [(12, b"\x2d\x16")]
AS_TLV = [(17, 11542)]
IDENTITIES = ("Host Device ID #1", "Host Device Manufacturer #1", "Host Device Model #1", "SW #1")
BLOCK_BODY = 4096


def tlv(kind, ident, value):
    """One TLV with a length of two bytes."""
    return bytes((kind | 0x10, ident, len(value) >> 8, len(value) & 255)) + value


def identity(texts, kind=0x80):
    """Resource 0 with a Resource Instance for each text."""
    return tlv(kind, 0, b"".join(tlv(0x40, i, text.encode()) for i, text in enumerate(texts)))


def session_with(obj, **settings):
    """A session that has this Object, too."""
    model = meter_model()
    model.objects[obj.oid] = obj
    return registered(model=model, **settings)


def test_ets_1630_and_1635_a_portfolio_is_created_found_and_deleted():
    session = session_with(Portfolio({}))
    code, options, _ = session.ask(POST, "16", TLV, tlv(0, 1, identity(IDENTITIES)))
    assert (code, options) == (CREATED, [(8, b"16"), (8, b"1")])
    links = session.ask(GET, "16", [(17, 40)])[2].split(b",")
    assert links == [b"</16>", b"</16/1>", b"</16/1/0>;dim=4"] or links[:2] == [
        b"</16>",
        b"</16/1>",
    ]
    assert session.ask(GET, "16/1/0", [(17, 40)])[2].startswith(b"</16/1/0>;dim=4")
    for i, text in enumerate(IDENTITIES):
        assert session.ask(GET, "16/1/0/%d" % i)[2] == text.encode()
    assert session.ask(POST, "16", TLV, identity(IDENTITIES))[1] == [(8, b"16"), (8, b"0")]
    for iid in (0, 1):
        assert session.ask(DELETE, "16/%d" % iid)[0] == DELETED
    assert session.ask(GET, "16", [(17, 40)])[2] == b"</16>"


def test_ets_228_a_resource_instance_is_written():
    session = session_with(Portfolio({0: {0: {0: "a", 1: "b"}}}))
    assert session.ask(PUT, "16/0/0/1", (), b"test")[0] == CHANGED
    assert session.ask(GET, "16/0/0/1")[2] == b"test"
    assert session.ask(GET, "16/0/0/0")[2] == b"a"
    assert session.ask(PUT, "16/0/0/9", (), b"test")[0] == 0x84


def test_without_its_mandatory_identity_there_is_no_portfolio():
    session = session_with(Portfolio({}))
    assert session.ask(POST, "16", TLV, b"")[0] == BAD
    assert session.ask(POST, "16", TLV, tlv(0, 3, b""))[0] == BAD
    assert session.model.object(16).instances == {}


def test_ets_1901_bytes_are_written_and_read():
    session = session_with(BinaryAppData({0: {0: {0: b""}}, 1: {0: {0: b"\x00"}}}))
    body = bytes(range(256)) * 2
    assert session.ask(PUT, "19/0/0/0", [(12, 42)], body)[0] == CHANGED
    assert session.ask(GET, "19/0/0/0", [(17, 42)])[2] == body
    assert session.ask(GET, "19/1/0/0", [(17, 42)])[2] == b"\x00"


def test_container_of_an_instance_with_all_its_resources():
    session = session_with(BinaryAppData({}))
    body = tlv(0x80, 0, tlv(0x40, 3, b"\xff\x00")) + b"\xc2\x01\x00\xfe"
    body += b"\xc4\x02\x6a\xb1\x3b\x87\xc7\x03reading\xc3\x04raw\xc4\x05\x00\x00\xff\xff"
    assert session.ask(POST, "19", TLV, body)[0] == CREATED
    assert session.ask(GET, "19/0/2")[2] == b"1790000007"
    assert session.ask(GET, "19/0/5")[2] == b"65535"
    assert session.ask(GET, "19/0/1")[2] == b"254"


def test_values_out_of_range_are_refused():
    session = session_with(BinaryAppData({0: {0: {0: b""}, 1: 0, 3: "", 4: "", 5: 0}}))
    for rid, good, bad in (
        (1, b"255", b"256"),
        (1, b"0", b"-1"),
        (3, b"x" * 32, b"x" * 33),
        (4, b"", b"y" * 33),
        (5, b"65535", b"65536"),
    ):
        path = "19/0/%d" % rid
        assert session.ask(PUT, path, (), bad)[0] == BAD, path
        assert session.ask(PUT, path, (), good)[0] == CHANGED, path
        assert session.ask(GET, path)[2] == good


def test_what_is_kept_has_its_bound_however_it_is_filled():
    session = session_with(Portfolio({}))
    one = session.model.object(16)
    refused = 0
    for iid in range(200):
        code = session.ask(POST, "16", TLV, tlv(0, iid, identity(["x" * 200])))[0]
        refused += code == BAD
        assert code in (CREATED, BAD)
    assert 0 < refused < 200 and sum(size(kept) for kept in one.instances.values()) <= one.room
    before = len(one.instances)
    body = b"".join(tlv(0x40, i, b"y" * 99) for i in range(1, 9))
    assert session.ask(POST, "16/0", TLV, tlv(0x80, 0, body))[0] == TOO_LARGE
    assert list(one.instances[0][0]) == [0] and len(one.instances) == before
    assert session.ask(DELETE, "16/1")[0] == DELETED
    assert session.ask(POST, "16", TLV, identity(["x" * 200]))[0] == CREATED


def test_what_came_with_the_device_may_shrink_whatever_the_room():
    one = Portfolio({0: {0: {0: "x" * 9000, 1: "y"}}})
    session = session_with(one)
    assert session.ask(PUT, "16/0/0/1", (), b"longer")[0] == TOO_LARGE
    assert session.ask(PUT, "16/0/0/1", (), b"")[0] == CHANGED
    assert session.ask(PUT, "16/0/0/0", (), b"z")[0] == CHANGED
    assert session.ask(PUT, "16/0/0/1", (), b"longer")[0] == CHANGED


def test_4096_bytes_fit():
    one = BinaryAppData({0: {0: {0: b""}}})
    one.write(0, 0, {0: bytes(BLOCK_BODY)})
    assert len(one.read(0, 0)[0]) == BLOCK_BODY


def test_servers_create_both():
    assert Portfolio.creatable and BinaryAppData.creatable
    assert not Portfolio.single and not BinaryAppData.single


def test_what_values_take_is_counted_by_their_length_and_their_number():
    assert size({}) == 32
    assert size({0: 5}) == 64
    assert size({0: "four", 1: b"fives"}) == 96 + 4 + 5
    assert size({0: {0: b"ab", 1: b"c"}}) == 64 + 96 + 3
