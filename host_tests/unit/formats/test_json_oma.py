"""OMA JSON, content format 11543, of LwM2M 1.0."""

import json

from payloads import DEVICE, INTEGER, OBJLNK, OPAQUE, check_levels, check_values, decode
from virtual import raises

from lwm2m.formats import json_oma


def read(text, path):
    return decode(json_oma, text.encode(), path)


def written(content, path):
    return bytes(json_oma.encode(content, path)).decode()


def test_what_is_written():
    assert written(DEVICE, [3, 0]) == (
        '{"bn":"/3/0/","e":[{"n":"0","sv":"Maker"},{"n":"6/0","v":1},{"n":"6/1","v":5},'
        '{"n":"9","v":100},{"n":"11/0","v":0},{"n":"13","v":1790000007}]}'
    )
    assert written([(3, 0, [(9, INTEGER, 100)])], [3, 0, 9]) == '{"bn":"/3/0/9","e":[{"v":100}]}'
    assert written([(3, 0, [])], [3, 0]) == '{"bn":"/","e":[]}'
    assert written([(9, 0, [(5, OPAQUE, b"\xfb\xff"), (7, OBJLNK, (3, 0))])], [9, 0]) == (
        '{"bn":"/9/0/","e":[{"n":"5","sv":"+/8="},{"n":"7","ov":"3:0"}]}'
    )
    assert json.loads(written(DEVICE, [3]))["e"][0] == {"n": "0/0", "sv": "Maker"}


def test_every_value_and_level_comes_back():
    check_values(json_oma)
    check_levels(json_oma)


def test_the_example_of_omas_specification():
    # LwM2M Core 1.0, 6.4.4, the Device Object, shortened
    text = """{"bn":"/3/0/","e":[
      {"n":"0","sv":"Open Mobile Alliance"},
      {"n":"6/0","v":1},
      {"n":"6/1","v":5},
      {"n":"9","v":100},
      {"n":"13","v":1367491215},
      {"n":"14","sv":"+02:00"}]}"""
    assert read(text, [3, 0]) == [
        ((3, 0, 0), "Open Mobile Alliance"),
        ((3, 0, 6, 0), 1),
        ((3, 0, 6, 1), 5),
        ((3, 0, 9), 100),
        ((3, 0, 13), 1367491215),
        ((3, 0, 14), "+02:00"),
    ]


def test_names_of_every_form():
    for text in (
        '{"e":[{"n":"9","v":1}]}',
        '{"e":[{"n":"9","v":1}],"bn":"/3/0/"}',
        '{"bt":1.5,"bn":"/3","e":[{"n":"/0/9","v":1,"t":-1}]}',
        '{"bn":"","e":[{"n":"/3/0/9","v":1}]}',
        '{"bn":"/3/0/9","e":[{"v":1}]}',
        '{"bn":"/3/0/9","e":[{"n":"","v":1}]}',
    ):
        assert read(text, [3, 0]) == [((3, 0, 9), 1)], text
    assert read('{"e":[{"v":1}]}', [3, 0, 9]) == [((3, 0, 9), 1)]
    assert read('{"e":[{"n":"0","sv":"x"}]}', [16]) == [((16, -1, 0), "x")]
    assert read('{"e":[{"n":"99","sv":"x"}]}', [3, 0]) == [((3, 0, 99), None)]
    assert read('{"e":[]}', [3, 0]) == []


def test_what_is_malformed_is_refused():
    for text in (
        "",
        "[]",
        "{}",
        '{"bn":"/9/0/"}',
        '{"bn":"/9/0/","e":{}}',
        '{"e":[{"n":"2"}]}',
        '{"e":[{"n":"2","v":1}]',
        '{"e":[{"n":"2","v":1}]}}',
        '{"e":[{"n":"2","v":1}],"e":[]}',
        '{"e":[],"e":[]}',
        '{"bn":"/9/","bn":"/9/0/","e":[{"n":"2","v":1}]}',
        '{"bn":9,"e":[{"n":"2","v":1}]}',
        '{"bt":"9","e":[{"n":"2","v":1}]}',
        '{"e":[{"n":"2","sv":"1"}]}',
        '{"e":[{"n":"2","v":1,"sv":"1"}]}',
        '{"e":[{"n":"2","v":1},{"n":"2","v":1}]}',
        '{"e":[{"n":"4","v":1}]}',
        '{"e":[{"n":"5","v":1}]}',
        '{"e":[{"n":"5","sv":"A"}]}',
        '{"e":[{"n":"7","ov":"3"}]}',
        '{"e":[{"n":"/9/1/2","v":1}]}',
        '{"e":' * 500,
        '{"e":[' * 500,
    ):
        raises(0x80, read, text, [9, 0])
