"""What the tests of content formats share: a device of every type, exact numbers, round trips."""

STRING, INTEGER, FLOAT, BOOLEAN, OPAQUE, TIME, OBJLNK, UNSIGNED, CORELNK = range(1, 10)

# Object 9 has Resource n of type n; Objects 1, 3 and 16 have what the examples need
KINDS = {
    (1, 1): INTEGER,
    (1, 2): INTEGER,
    (1, 6): BOOLEAN,
    (1, 7): STRING,
    (3, 0): STRING,
    (3, 6): INTEGER,
    (3, 7): INTEGER,
    (3, 9): INTEGER,
    (3, 11): INTEGER,
    (3, 13): TIME,
    (3, 14): STRING,
    (3, 21): INTEGER,
    (16, 0): STRING,
    (3303, 5700): FLOAT,
}
EXACT = (
    (FLOAT, (123456789, -3)),
    (FLOAT, (4294967295, -3)),
    (FLOAT, ((1 << 53) - 1, 0)),
    (FLOAT, (-1, -3)),
    (FLOAT, (0, 0)),
    (FLOAT, (1, 20)),
    (FLOAT, (17976931348623157, 292)),
    (FLOAT, (22250738585072014, -324)),
    (INTEGER, (1 << 53) - 1),
    (INTEGER, (1 << 63) - 1),
    (INTEGER, -(1 << 63)),
    (INTEGER, 0),
    (INTEGER, -1),
    (TIME, 1790000007),
    (TIME, -1),
    (UNSIGNED, (1 << 64) - 1),
    (UNSIGNED, (1 << 63)),
)
VALUES = EXACT + (
    (STRING, ""),
    (STRING, "plain"),
    (STRING, 'quo"te \\ \n\t\x01 gr\u00fcn \u20ac \U0001f600'),
    (STRING, "x" * 300),
    (BOOLEAN, True),
    (BOOLEAN, False),
    (OPAQUE, b""),
    (OPAQUE, b"\x00"),
    (OPAQUE, bytes(range(256))),
    (OBJLNK, (3, 0)),
    (OBJLNK, (65535, 65535)),
    (CORELNK, '</3/0>;ver="1.1"'),
)
# What was read of a device, and what a decoder must make of it
DEVICE = [
    (
        3,
        0,
        [
            (0, STRING, "Maker"),
            (6, INTEGER, {0: 1, 1: 5}),
            (9, INTEGER, 100),
            (11, INTEGER, {0: 0}),
            (13, TIME, 1790000007),
        ],
    )
]
DEVICE_ITEMS = [
    ((3, 0, 0), "Maker"),
    ((3, 0, 6, 0), 1),
    ((3, 0, 6, 1), 5),
    ((3, 0, 9), 100),
    ((3, 0, 11, 0), 0),
    ((3, 0, 13), 1790000007),
]


def kind_of(oid, rid):
    """The type of a Resource of these tests, 0 where there is none."""
    return (rid if rid < 10 else 0) if oid == 9 else KINDS.get((oid, rid), 0)


def decode(module, data, path):
    """What a format's module makes of bytes."""
    return module.decode(memoryview(data), path, kind_of)


def same(a, b):
    """Are two values the same, decimals by what they are worth?"""
    if type(a) is tuple or type(b) is tuple:
        a = a if type(a) is tuple else (a, 0)
        b = b if type(b) is tuple else (b, 0)
        exponent = min(a[1], b[1])
        return a[0] * 10 ** (a[1] - exponent) == b[0] * 10 ** (b[1] - exponent)
    return type(a) is type(b) and a == b


def check_values(module):
    """Every value of every type comes back exactly, alone and as a Resource Instance."""
    for kind, value in VALUES:
        for path, there in (([9, 0, kind], value), ([9, 0, kind, 5], {5: value})):
            body = bytes(module.encode([(9, 0, [(kind, kind, there)])], path))
            ((where, found),) = decode(module, body, path)
            assert where == tuple(path), (where, body)
            right = found == value if kind == OBJLNK else same(found, value)
            assert right, (kind, value, found, body)


def check_levels(module):
    """An Object, an Instance, a Resource, single and multiple, and a composite come back."""
    for path in ([], [3], [3, 0]):
        assert decode(module, bytes(module.encode(DEVICE, path)), path) == DEVICE_ITEMS, path
    body = bytes(module.encode([(3, 0, [(9, INTEGER, 100)])], [3, 0, 9]))
    assert decode(module, body, [3, 0, 9]) == [((3, 0, 9), 100)]
    body = bytes(module.encode([(3, 0, [(6, INTEGER, {1: 5, 300: 2})])], [3, 0, 6]))
    assert decode(module, body, [3, 0, 6]) == [((3, 0, 6, 1), 5), ((3, 0, 6, 300), 2)]
    two = [(3303, 0, [(5700, FLOAT, (215, -1))]), (3303, 2, [(5700, FLOAT, (-5, -1))])]
    for path in ([], [3303]):
        body = bytes(module.encode(two, path))
        assert decode(module, body, path) == [
            ((3303, 0, 5700), (215, -1)),
            ((3303, 2, 5700), (-5, -1)),
        ]
