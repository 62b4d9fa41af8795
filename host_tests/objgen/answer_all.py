"""Inside MicroPython: import each module of a directory and ask its Object what a server may ask.

Prints a line of JSON for each. The Instance 0 has the mandatory Resources, each with a value of
its type; what is executed has None.
"""

import gc
import json
import os
import sys
from binascii import hexlify

from virtual import GET, parse, request

from coap.message import CoapError
from lwm2m.management.dispatch import Management
from lwm2m.model import Model

# By type, see lib/lwm2m/model.py. The first is for the one Resource of the registry without one.
VALUES = (
    b"",
    "text",
    -5,
    (125, -2),
    True,
    b"\x00\xff",
    1700000000,
    (3, 0),
    (1 << 64) - 1,
    "</3/0>;pmin=1",
)
MULTIPLE, MANDATORY = 8, 16
TLV = b"\x2d\x16"
LINK = b"\x28"


class Registered:
    """As much of a registration as management asks for."""

    location = ("rd", "abc")
    version = "1.1"


def entries(table):
    """The (ID, operations and nature, type) of a table."""
    return [
        (table[i] << 8 | table[i + 1], table[i + 2], table[i + 3]) for i in range(0, len(table), 4)
    ]


def value(flags, kind):
    """A value for a Resource."""
    if flags & 4:
        return None
    return {0: VALUES[kind]} if flags & MULTIPLE else VALUES[kind]


def generated(name):
    """The class that a module has."""
    module = __import__(name)
    names = [each for each in dir(module) if each != "Object" and not each.startswith("__")]
    assert len(names) == 1, names
    return getattr(module, names[0])


def answer(management, path, accept=()):
    """(code, payload in hex) of the answer to a GET."""
    options = [(17, each) for each in accept]
    try:
        found = management.handle(parse(request(GET, 1, path, options)), 0)
    except CoapError as error:
        found = error.args[0]
    if isinstance(found, int):
        return found, ""
    return found[0], hexlify(bytes(found[2])).decode()


def ask(kind):
    """What an Object of the class answers."""
    rows = entries(kind.table)
    mandatory = [row for row in rows if row[1] & MANDATORY]
    thing = kind({0: {rid: value(flags, type_) for rid, flags, type_ in mandatory}})
    management = Management(Model([thing]), Registered())
    object_path = str(kind.oid)
    path = object_path + "/0"
    return {
        "oid": kind.oid,
        "name": kind.__name__,
        "version": kind.version,
        "single": getattr(kind, "single", False),
        "ranges": sorted(getattr(kind, "ranges", {}).items()),
        "table": hexlify(kind.table).decode(),
        "found": all([thing.descriptor(r) == f << 8 | t for r, f, t in rows]),
        "read": answer(management, path, [TLV]),
        "read_object": answer(management, object_path, [TLV]),
        "discover": answer(management, path, [LINK]),
        "discover_object": answer(management, object_path, [LINK]),
        "resources": {
            rid: answer(management, "%s/%d" % (path, rid), [TLV]) for rid, _, _ in mandatory
        },
    }


def main(directory):
    """All modules of the directory."""
    sys.path.insert(0, directory)
    for file in sorted(os.listdir(directory)):
        name = file[:-3]
        print(json.dumps(ask(generated(name))))
        del sys.modules[name]
        gc.collect()


main(sys.argv[1])
