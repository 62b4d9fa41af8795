"""What a server may ask of the model, and every refusal (LwM2M Core 6.3)."""

from session import registered
from virtual import DELETE, FETCH, GET, POST, PUT

from lwm2m.model import Object

TEXT, TLV = [(12, b"")], [(12, b"\x2d\x16")]
CONTENT, CHANGED = 0x45, 0x44


def test_a_resource_is_read_as_text():
    session = registered()
    assert session.ask(GET, "3/0/0") == (CONTENT, TEXT, b"Maker")
    assert session.ask(GET, "3424/0/1") == (CONTENT, TEXT, b"1.2345")
    assert session.ask(GET, "3424/0/4", [(17, 0)]) == (CONTENT, TEXT, b"12345")
    assert session.ask(GET, "1/0/6")[2] == b"0"
    assert session.ask(GET, "3/0/10")[0] == CONTENT


def test_a_resource_is_read_as_tlv():
    session = registered()
    assert session.ask(GET, "3/0/0", [(17, 11542)]) == (CONTENT, TLV, b"\xc5\x00Maker")
    volume = session.ask(GET, "3424/0/1", [(17, 11542)])[2]
    assert volume == b"\xc8\x01\x08" + bytes.fromhex("3ff3c083126e978d")


def test_a_multiple_resource_is_read_as_tlv_and_not_as_text():
    session = registered()
    answer = session.ask(GET, "3/0/11", [(17, 11542)])
    assert answer == (CONTENT, TLV, b"\x83\x0b\x41\x00\x00")
    assert session.ask(GET, "3/0/11", [(17, 0)])[0] == 0x86


def test_a_resource_instance_is_read():
    session = registered()
    assert session.ask(GET, "3/0/11/0") == (CONTENT, TEXT, b"0")
    assert session.ask(GET, "3/0/11/0", [(17, 11542)]) == (CONTENT, TLV, b"\x41\x00\x00")
    assert session.ask(GET, "3/0/11/1")[0] == 0x84
    assert session.ask(GET, "3/0/0/0")[0] == 0x84


def test_an_instance_is_read_without_what_is_not_readable():
    session = registered()
    code, options, body = session.ask(GET, "1/0", [(17, 11542)])
    assert (code, options) == (CONTENT, TLV)
    assert body.startswith(b"\xc1\x00\x01\xc2\x01\x01\x2c") and b"\x04" not in body[:1]
    ids = []
    i = 0
    while i < len(body):
        ids.append(body[i + 1])
        i += 2 + (body[i] & 7)
    assert ids == [0, 1, 2, 3, 5, 6, 7]  # neither 4 nor 8, which are executed


def test_an_object_is_read_whole():
    session = registered()
    code, options, body = session.ask(GET, "3424", [(17, 11542)])
    assert (code, options) == (CONTENT, TLV)
    assert body[:1] == b"\x08" and body[1] == 0
    assert session.ask(GET, "3424/0", [(17, 11542)])[2] == body[3:]


def test_an_object_without_instances_is_read_as_nothing():
    session = registered()
    session.model.objects[9] = Object({})
    assert session.ask(GET, "9", [(17, 11542)]) == (CONTENT, TLV, b"")


def test_objects_and_instances_have_no_text():
    session = registered()
    for path in ("3", "3/0"):
        for accept in (0, 42, 65535):
            assert session.ask(GET, path, [(17, accept)])[0] == 0x86
    assert session.ask(GET, "3/0/0", [(17, 65535)])[0] == 0x86


def test_what_is_not_there_is_not_found():
    session = registered()
    for path in ("4", "3/1", "3/0/5", "3/0/99", "65534", "3/65534/0"):
        for code in (GET, PUT, POST):
            if code != POST or path.count("/") == 2:
                assert session.ask(code, path, (), b"1")[0] == 0x84, path


def test_what_names_no_id_is_not_found():
    session = registered()
    for path in ("x", "rd", "3/a", "3/0/-1", "3/0/00", "03", "65535", "99999", "123456", "3/0/1 "):
        assert session.ask(GET, path)[0] == 0x84, path
    for options in ([(11, "3"), (11, "")], [(11, "")], [(11, "3"), (11, ""), (11, "0")]):
        assert session.ask(GET, "", options)[0] == 0x84


def test_no_path_and_too_long_a_path_are_not_allowed():
    session = registered()
    for code in (GET, PUT, POST, DELETE):
        assert session.ask(code, "")[0] == 0x85
        assert session.ask(code, "3/0/0/0/0")[0] == 0x85


def test_security_is_closed():
    session = registered()
    for path in ("0", "0/0", "0/0/0", "21", "23/0"):
        for code in (GET, PUT, POST, DELETE):
            assert session.ask(code, path, (), b"x")[0] == 0x81


def test_a_resource_that_is_not_readable_is_not_allowed():
    session = registered()
    for path in ("3/0/4", "1/0/4", "1/0/8"):
        assert session.ask(GET, path)[0] == 0x85


def test_a_write_of_text():
    session = registered()
    assert session.ask(PUT, "3/0/14", [(12, 0)], b"+02:00")[0] == CHANGED
    assert session.ask(PUT, "3/0/15", (), b"Europe/Rome")[0] == CHANGED
    assert session.ask(GET, "3/0/14")[2] == b"+02:00"
    assert session.ask(GET, "3/0/15")[2] == b"Europe/Rome"
    assert session.ask(PUT, "3/0/14")[0] == CHANGED  # an empty text is a text
    assert session.ask(GET, "3/0/14")[2] == b""


def test_a_write_of_tlv():
    session = registered()
    assert session.ask(PUT, "3/0/14", [(12, 11542)], b"\xc3\x0eUTC")[0] == CHANGED
    assert session.ask(GET, "3/0/14")[2] == b"UTC"
    assert session.ask(PUT, "1/0/6", [(12, 11542)], b"\xc1\x06\x01")[0] == CHANGED
    assert session.ask(GET, "1/0/6")[2] == b"1"


def test_a_write_that_is_wrong_changes_nothing():
    session = registered()
    for path, options, body, code in (
        ("1/0/1", (), b"soon", 0x80),
        ("1/0/1", (), b"", 0x80),
        ("1/0/1", [(12, 11542)], b"\xc1\x02\x01", 0x80),
        ("1/0/1", [(12, 11542)], b"\xc3\x01\x01\x01\x01", 0x80),
        ("1/0/1", [(12, 40)], b"5", 0x8F),
        ("1/0/1", [(12, 65535)], b"5", 0x8F),
        ("1/0/0", (), b"5", 0x85),
        ("1/0/8", (), b"5", 0x85),
        ("3/0/11", (), b"5", 0x85),
        ("3424/0/1", (), b"5", 0x85),
    ):
        assert session.ask(PUT, path, options, body)[0] == code, path
    assert session.ask(GET, "1/0/1")[2] == b"300"


def test_an_execute():
    session = registered()
    device = session.model.object(3)
    assert session.ask(POST, "3/0/4", (), b"0='x'")[0] == CHANGED
    assert device.rebooting


def test_an_execute_that_is_wrong():
    session = registered()
    assert session.ask(POST, "3/0/0")[0] == 0x85
    assert session.ask(POST, "3/0/5")[0] == 0x84
    assert session.ask(POST, "3/0/4", [(12, 11542)], b"x")[0] == 0x8F
    assert session.ask(POST, "3/0/4/0")[0] == 0x85
    assert not session.model.object(3).rebooting


def test_a_registration_of_version_1_0_reads_tlv_where_nothing_is_asked_for():
    session = registered(version="1.0")
    assert session.ask(GET, "3/0/0") == (CONTENT, TLV, b"\xc5\x00Maker")
    assert session.ask(GET, "3/0/0", [(17, 0)]) == (CONTENT, TEXT, b"Maker")
    assert session.ask(GET, "3/0/11")[1:] == (TLV, b"\x83\x0b\x41\x00\x00")
    assert session.ask(GET, "1")[1] == TLV


def test_the_arguments_of_an_execute():
    session = registered()
    for argument in (
        b"",
        b"0",
        b"9",
        b"0,1,2,3,4,5,6,7,8,9",
        b"0='x',1",
        b"1,0='x'",
        b"2=''",
        b"5='a=b,c',3",
        "0='gr\u00fcn'".encode(),
    ):
        assert session.ask(POST, "3/0/4", (), argument)[0] == CHANGED, argument
        assert session.ask(POST, "3/0/4", [(12, 0)], argument)[0] == CHANGED


def test_wrong_arguments_are_refused():
    session = registered()
    before = session.model.changes
    for argument in (
        b"x",
        b"10",
        b"-1",
        b"0,0",
        b"0='a',0='b'",
        b"0=",
        b"0=x",
        b"0='",
        b"0='x",
        b"0=x'",
        b"0='x'y",
        b"0='x''y'",
        b"0,",
        b",",
        b",0",
        b"0,,1",
        b"0='x',",
        b" 0",
        b"0, 1",
        b"0 ='x'",
        b"='x'",
        b"a='x'",
        b"\xff",
        b"0='\xff'",
        b"0='\xc3'",
        b"\xd9\xa2",  # a digit, elsewhere
        b"\xc2\xb2",
        b"\x00",
        b"0\n",
    ):
        assert session.ask(POST, "3/0/4", (), argument)[0] == 0x80, argument
    assert session.model.changes == before and not session.model.object(3).rebooting


def test_only_resources_are_executed():
    session = registered()
    for where, code in (
        ("3", 0x85),
        ("3/0", 0x8F),  # a Write, and that not of text
        ("3/0/4/0", 0x85),
        ("3/0/11/0", 0x85),
        ("3/0/11", 0x85),
        ("3/0/99", 0x84),
        ("3/1/4", 0x84),
        ("99/0/4", 0x84),
        ("0/0/1", 0x81),
    ):
        assert session.ask(POST, where, (), b"0")[0] == code, where


def test_other_methods_than_those_for_paths_are_not_allowed():
    session = registered()
    assert session.ask(FETCH, "3/0/0")[0] == 0x85
    for code in (6, 7, 8, 31):
        assert session.ask(code, "3/0/0")[0] == 0x85


def test_if_match_and_if_none_match():
    session = registered()
    assert session.ask(GET, "3/0/0", [(1, b"tag")])[0] == 0x8C
    assert session.ask(PUT, "3/0/14", [(5, b"")], b"x")[0] == 0x8C
    assert session.ask(GET, "3/0/0", [(1, b"")])[0] == CONTENT  # it exists


def test_writes_and_executes_are_counted_and_reads_are_not():
    session = registered()
    before = session.model.changes
    session.ask(GET, "3/0/0")
    session.ask(PUT, "1/0/1", (), b"x")
    assert session.model.changes == before
    session.ask(PUT, "3/0/14", (), b"x")
    session.ask(POST, "1/0/8")
    assert session.model.changes == before + 2
