"""OMA's Enabler Test Specification over DTLS: 401, and by Leshan the lists of the other modules.

Their tests are those of the folder above, with the fixtures of this one. What speaks to the
scripted peer cannot run here, for that has no DTLS; what else does not is in LEFT_OUT.
"""

import importlib
import inspect
import pathlib

import pytest

from .conftest import KEY
from .opened import CID_RECORD, DATA, HANDSHAKE

# module: {test: why it does not run over coaps}
LEFT_OUT = {}
BY_LESHAN = {"leshan", "whole", "reports"}  # fixtures that this folder has of its own

above = pathlib.Path(__file__).parent.parent
modules = [
    importlib.import_module("..." + file.stem, __name__)
    for file in sorted(above.glob("test_ets*.py"))
]


def is_fixture(thing) -> bool:
    return type(thing).__name__ == "FixtureFunctionDefinition"


def wanted(thing, module) -> bool:
    """Does this test, or fixture, need Leshan, if only by another fixture of its module?"""
    function = thing._get_wrapped_function() if is_fixture(thing) else thing
    names = set(inspect.signature(function).parameters)
    if names & BY_LESHAN:
        return True
    return any(wanted(vars(module)[name], module) for name in names if name in vars(module))


def adopt(module) -> None:
    """A class with the tests of a module, and beside it the fixtures they need."""
    tests = {}
    for name, thing in vars(module).items():
        mine = getattr(thing, "__module__", "") == module.__name__ or is_fixture(thing)
        if not mine or not (is_fixture(thing) or name.startswith("test_")):
            continue
        if not wanted(thing, module):
            continue
        if is_fixture(thing):
            assert globals().setdefault(name, thing) is thing, "two fixtures named " + name
        elif name not in LEFT_OUT.get(short(module), ()):
            tests[name] = staticmethod(thing)
    if tests:
        title = short(module).title().replace("_", "")
        globals()[title] = type(title, (), tests)


def short(module) -> str:
    return module.__name__.rpartition(".")[2]


for module in modules:
    adopt(module)
del module


def test_what_is_left_out_is_still_there():
    for module in modules:
        for name in LEFT_OUT.get(short(module), ()):
            assert name in vars(module), name
    assert set(LEFT_OUT) <= {short(module) for module in modules}


@pytest.mark.parametrize("suite", [0xC0A8, 0xC0A4])
def test_ets_401_udp_channel_security_with_a_psk(leshan, relay, start, suite):
    """Registered over DTLS, and read; nothing of it in the clear."""
    start(relay.uri, endpoint="ets-401", suites=[suite])
    registered = leshan.wait_event("registered", endpoint="ets-401")
    assert registered["address"].startswith("coaps://")
    asked = {"op": "read", "endpoint": "ets-401"}
    assert leshan.ask(**asked, path="/3/0/0")["value"] == "micropython-lwm2m"
    code = leshan.ask(**asked, path="/0/0/5")["code"]
    assert code == "4.01"
    data = [one for one in relay.wire if one.kind in (DATA, CID_RECORD)]
    assert len(data) == 7 and all(one.text is None for one in data)
    assert len(relay.capture) == 6  # beside them the meter's Finished
    assert {one.kind for one in data if one.inbound} == {CID_RECORD}
    assert len(relay.hellos()) == 2  # the second one with the cookie
    assert KEY not in str([one.text.hex() for one in relay.wire if one.kind == HANDSHAKE])
