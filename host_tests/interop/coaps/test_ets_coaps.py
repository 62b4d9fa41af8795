"""OMA's Enabler Test Specification over DTLS: 401, and by Leshan the lists of the other modules.

Their tests are those of the folder above, with the fixtures of this one: all but those that speak
to the scripted peer, byte by byte, which has no DTLS. What only it can ask (Discover with a depth,
the defaults of other versions, odd messages) does not depend on what carries it.
"""

import importlib
import inspect
import pathlib

import pytest

from .conftest import KEY
from .decrypting_relay import CID_RECORD, DATA

BY_LESHAN = {"leshan", "whole", "reports"}  # with the fixtures of this folder
SCRIPTED = {"peer", "make_peer", "registered", "whole_at"}

above = pathlib.Path(__file__).parent.parent
modules = [
    importlib.import_module("..." + file.stem, __name__)
    for file in sorted(above.glob("test_ets*.py"))
]


def is_fixture(thing) -> bool:
    return type(thing).__name__ == "FixtureFunctionDefinition"


def needs(thing, module, fixtures: set) -> bool:
    """Does this test, or fixture, need one of these, if only by another one of its module?"""
    function = thing._get_wrapped_function() if is_fixture(thing) else thing
    names = set(inspect.signature(function).parameters)
    if names & fixtures:
        return True
    held = vars(module)
    return any(needs(held[name], module, fixtures) for name in names if name in held)


def adopt(module) -> None:
    """A class with the tests of a module, and beside it the fixtures they need."""
    tests = {}
    for name, thing in vars(module).items():
        mine = getattr(thing, "__module__", "") == module.__name__ or is_fixture(thing)
        if not mine or not (is_fixture(thing) or name.startswith("test_")):
            continue
        if not needs(thing, module, BY_LESHAN):
            if not is_fixture(thing):
                left_out[thing] = module
        elif is_fixture(thing):
            assert globals().setdefault(name, thing) is thing, "two fixtures named " + name
        else:
            tests[name] = staticmethod(thing)
    if tests:
        title = module.__name__.rpartition(".")[2].title().replace("_", "")
        globals()[title] = type(title, (), tests)


left_out = {}
for module in modules:
    adopt(module)
del module


def test_nothing_is_left_out_but_what_needs_the_scripted_peer():
    assert left_out
    for test, module in left_out.items():
        assert needs(test, module, SCRIPTED) or not inspect.signature(test).parameters, test


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
    assert KEY not in str([one.text.hex() for one in relay.wire if one.text])
