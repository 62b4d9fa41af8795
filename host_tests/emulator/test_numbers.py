"""Every content format keeps every number exact on a board whose floats have 24 bits."""

import importlib

from tools.emulator import Board
from tools.image.compiler import ROOT, compile_module

FORMATS = ("text", "cbor", "tlv", "senml_cbor", "senml_json", "lwm2m_cbor", "json_oma")
SHARED = ("number", "value")
PATH = [3424, 0, 1]
FLOAT, INTEGER, TIME = 3, 2, 6
NUMBERS = (
    (FLOAT, (123456789, -3)),
    (FLOAT, (4294967295, -3)),
    (FLOAT, (-1, -3)),
    (FLOAT, 2**53 - 1),
    (INTEGER, 2**53 - 1),
    (INTEGER, -(2**63)),
    (TIME, 1790000007),
)

GUEST = """
from lwm2m.formats import %(name)s as form
def same(a, b):
    a, b = [(x, 0) if isinstance(x, int) else x for x in (a, b)]
    low = min(a[1], b[1])
    return a[0] * 10 ** (a[1] - low) == b[0] * 10 ** (b[1] - low)
path = %(path)r
for kind, value in %(numbers)r:
    data = bytes(form.encode([(path[0], path[1], [(path[2], kind, value)])], path))
    (found, back), = form.decode(memoryview(data), path, lambda oid, rid: kind)
    print(data.hex(), list(found) == path and same(back, value))
"""

TABLE = """
import gc
gc.collect()
before = gc.mem_alloc()
table = bytearray(62 * 4)
print(gc.mem_alloc() - before)
"""


def files():
    names = ["lwm2m/formats/%s.py" % name for name in FORMATS + SHARED]
    names += ["lwm2m/errors.py", "lwm2m/model.py", "coap/message.py"]
    return {"lib/%s.mpy" % name[:-3]: compile_module(ROOT / "lib" / name, name) for name in names}


def on_the_host(name):
    """What the same module makes of the same numbers where floats have 53 bits."""
    form = importlib.import_module("lwm2m.formats." + name)
    return [
        bytes(form.encode([(PATH[0], PATH[1], [(PATH[2], kind, value)])], PATH)).hex()
        for kind, value in NUMBERS
    ]


def test_numbers_are_exact_in_every_format_both_ways():
    with Board(files()) as board:
        assert board.run("print(123456.789)") == "123456.79\n"
        for name in FORMATS:
            source = GUEST % {"name": name, "path": PATH, "numbers": NUMBERS}
            shown = board.run(source).splitlines()
            assert shown == [data + " True" for data in on_the_host(name)], name


def test_a_table_of_62_resources_takes_at_most_350_bytes():
    with Board() as board:
        assert int(board.run(TABLE)) <= 350
