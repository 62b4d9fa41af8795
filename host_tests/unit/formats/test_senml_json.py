"""SenML JSON, content format 110: RFC 8428's examples, JSON of every form, what is refused."""

import json

from payloads import (
    DEVICE,
    FLOAT,
    INTEGER,
    OBJLNK,
    OPAQUE,
    STRING,
    check_levels,
    check_values,
    decode,
)
from virtual import raises

from lwm2m.formats import senml_json


def read(text, path):
    return decode(senml_json, text.encode() if isinstance(text, str) else text, path)


def written(content, path, *time):
    return bytes(senml_json.encode(content, path, *time)).decode()


def test_what_is_written():
    assert written(DEVICE, [3, 0]) == (
        '[{"bn":"/3/0/","n":"0","vs":"Maker"},{"n":"6/0","v":1},{"n":"6/1","v":5},'
        '{"n":"9","v":100},{"n":"11/0","v":0},{"n":"13","v":1790000007}]'
    )
    single = [(3, 0, [(9, INTEGER, 100)])]
    assert written(single, [3, 0, 9]) == '[{"bn":"/3/0/9","v":100}]'
    assert written(single, [], 1790000007) == '[{"bn":"/","bt":1790000007,"n":"3/0/9","v":100}]'
    for kind, value, text in (
        (FLOAT, (123456789, -3), '"v":123456.789'),
        (FLOAT, (-1, -3), '"v":-0.001'),
        (OPAQUE, b"\xfb\xff", '"vd":"-_8"'),
        (OBJLNK, (3, 0), '"vlo":"3:0"'),
        (STRING, 'a"b\\', '"vs":"a\\"b\\\\"'),
    ):
        body = written([(9, 0, [(kind, kind, value)])], [9, 0, kind])
        assert body == '[{"bn":"/9/0/%d",%s}]' % (kind, text), body
        json.loads(body)
    assert written([(3, 0, [])], [3, 0]) == "[]"


def test_every_value_and_level_comes_back():
    check_values(senml_json)
    check_levels(senml_json)


def test_the_form_of_rfc_8428_examples():
    # Section 5.1.2: a base name and a base time, fractions of seconds, units
    assert read(
        """[
     {"bn":"/3303/0/","bt":1.276020076305e+09,"bu":"A","bver":5,
      "n":"5700","u":"V","v":120.1},
     {"n":"99","u":"A","t":-5,"v":1.2}
   ]""",
        [3303, 0],
    ) == [((3303, 0, 99), None), ((3303, 0, 5700), (1201, -1))]
    # Section 5.1.7: values of every type; data value "aGkgCg" is "hi \n"
    assert read(
        '[{"n":"/9/0/4","vb":false},{"n":"/9/0/1","vs":"Machine Room"},'
        '{"n":"/9/0/5","vd":"aGkgCg"}]',
        [9],
    ) == [((9, 0, 1), "Machine Room"), ((9, 0, 4), False), ((9, 0, 5), b"hi \n")]


def test_numbers_of_every_form():
    for kind, text, value in (
        (INTEGER, "0", 0),
        (INTEGER, "-0", 0),
        (INTEGER, "1e3", 1000),
        (INTEGER, "1.5E+1", 15),
        (INTEGER, "100e-2", 1),
        (INTEGER, "12.000", 12),
        (INTEGER, "9223372036854775807", (1 << 63) - 1),
        (FLOAT, "1790000007.5", (17900000075, -1)),
        (FLOAT, "1E-2", (1, -2)),
        (FLOAT, "-0.0010", (-10, -4)),
    ):
        assert read('[{"n":"%d","v":%s}]' % (kind, text), [9, 0]) == [((9, 0, kind), value)]
    for text in (
        "+1 01 -01 1. .5 -.5 1.e2 1e 1e+ -- - 0x10 1_0 1e1_0 NaN Infinity -Infinity null"
        " 1e1000 1e-1000 1e400 truefalse 1true \u0661 9223372036854775808 " + "1" * 65
    ).split(" "):
        for kind in (INTEGER, FLOAT):
            if kind != FLOAT or text != "9223372036854775808":
                raises(0x80, read, '[{"n":"%d","v":%s}]' % (kind, text), [9, 0])


def test_strings_of_every_form():
    for text, value in (
        ('"\\b\\f\\n\\r\\t\\"\\\\\\/"', '\b\f\n\r\t"\\/'),
        ('"\\u00fc\\u20AC\\u0000"', "\u00fc\u20ac\x00"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\uD834\\uDD1E."', "\U0001d11e."),
        ('"gr\u00fcn \U0001f600 \x7f"', "gr\u00fcn \U0001f600 \x7f"),
    ):
        assert read('[{"n":"1","vs":%s}]' % text, [9, 0]) == [((9, 0, 1), value)]
    for text in (
        '"',
        '"a',
        '"\\',
        '"\\x"',
        '"\\u12"',
        '"\\u12g4"',
        '"\\u-123"',
        '"\\ud83d"',
        '"\\ud83dx"',
        '"\\ud83dxxde00"',
        '"\\ud83d\\n"',
        '"\\ud83d\\u0041"',
        '"\\ude00"',
        '"\\ude00\\ud83d"',
        '"a\nb"',
        '"\x00"',
        '"\\a"',
        "'a'",
    ):
        raises(0x80, read, '[{"n":"1","vs":%s}]' % text, [9, 0])
    raises(0x80, read, b'[{"n":"1","vs":"\xff"}]', [9, 0])
    raises(0x80, read, b'[{"n":"1","vs":"\xc3"}]', [9, 0])


def test_opaque_values_of_every_form():
    for text, value in (
        ("", b""),
        ("AP8", b"\x00\xff"),
        ("AP8=", b"\x00\xff"),
        ("-_8", b"\xfb\xff"),
    ):
        assert read('[{"n":"5","vd":"%s"}]' % text, [9, 0]) == [((9, 0, 5), value)]
    for text in ("A", "AP9", "A P8", "AP8\\n", "AP8=x", "AP8?", "AP8=?", "*", "\u00fc", "AAAAA"):
        raises(0x80, read, '[{"n":"5","vd":"%s"}]' % text, [9, 0])


def test_names_and_white_space():
    for text in (
        '[{"n":"/3/0/9","v":1}]',
        '[{"bn":"/3/0/9","v":1}]',
        '[{"bn":"/3","n":"/0/9","v":1}]',
        '[{"v":1,"n":"9","bn":"/3/0/"}]',
        '[{"n":"9","v":1}]',
        '[{"n":"3/0/9","v":1}]',
        ' \t\r\n[ { "\\u006e" : "9" , "v" : 1 } ] \n',
        '[{"n":"9","v":1,"u":"%","x":"y","t":-1.5}]',
    ):
        assert read(text, [3, 0]) == [((3, 0, 9), 1)], text
    assert read('[{"n":"0","vs":"x"}]', [16]) == [((16, -1, 0), "x")]
    assert read("[]", [3, 0]) == [] == read(" [ ] ", [3])


def test_a_base_version_above_10_is_refused():
    for version in ("10", "5", "1e1"):
        text = '[{"bver":%s,"n":"9","v":1}]' % version
        assert read(text, [3, 0]) == [((3, 0, 9), 1)], text
    for version in ("11", "1e3", "10.5", "-1", '"10"', "true"):
        raises(0x80, read, '[{"n":"9","v":1,"bver":%s}]' % version, [3, 0])
    raises(0x80, read, '[{"n":"9","v":1},{"bver":11,"n":"0","vs":"x"}]', [3, 0])


def test_what_is_malformed_is_refused():
    for text in (
        "",
        " ",
        "{}",
        "[",
        "]",
        "[}",
        "[]]",
        "[] x",
        "[,]",
        "[{}]",
        "[{},]",
        "[1]",
        "[[]]",
        '["a"]',
        '[{"n":"2"}]',
        '[{"n":"2","v":1},]',
        '[{"n":"2","v":1,}]',
        '[{"n":"2" "v":1}]',
        '[{"n":"2";"v":1}]',
        '[{"n":"2","v":1};{"n":"3","v":1}]',
        '{{"n":"2","v":1}]',
        '[["n":"2","v":1}]',
        '[{"n";"2","v":1}]',
        '[{1:2,"n":"2","v":1}]',
        '[{true:2,"n":"2","v":1}]',
        '[{"n":"2","v" 1}]',
        '[{"n":"2","v":}]',
        '[{"n":"2",v:1}]',
        '[{n:"2","v":1}]',
        '[{"n":"2","v":1}',
        '[{"n":"2","v":1]',
        '[{"n":"2","v":1}][]',
        '[{"n":"2","v":"1"}]',
        '[{"n":"1","v":"1"}]',
        '[{"n":"2","vs":"1"}]',
        '[{"n":"2","v":true}]',
        '[{"n":"4","vb":1}]',
        '[{"n":"5","vd":1}]',
        '[{"n":"5","vs":"AP8"}]',
        '[{"n":"7","vlo":3}]',
        '[{"n":2,"v":1}]',
        '[{"bn":1,"n":"2","v":1}]',
        '[{"bt":"1","n":"2","v":1}]',
        '[{"t":"1","n":"2","v":1}]',
        '[{"n":"2","v":1,"v":1}]',
        '[{"n":"2","n":"2","v":1}]',
        '[{"n":"2","v":1,"vs":"1"}]',
        '[{"n":"2","v":1},{"n":"2","v":1}]',
        '[{"n":"2","s":1}]',
        '[{"bv":1,"n":"2","v":1}]',
        '[{"n":"2","v":1,"a_":1}]',
        '[{"n":"2","v":1,"x":[]}]',
        '[{"n":"x","v":1}]',
        '[{"n":"\u0662","v":1}]',
        '[{"n":"02","v":1}]',
        '[{"n":"-2","v":1}]',
        '[{"n":"/9/1/2","v":1}]',
        '[{"n":"/2","v":1}]',
        "[" * 3000,
        '[{"n":' * 500,
        '{"n":' * 500,
        "\ufeff[]",
        "[" + "1" * 3000,
        '["' + "x" * 3000,
    ):
        raises(0x80, read, text, [9, 0])
