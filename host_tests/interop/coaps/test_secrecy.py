"""Keys leave by no way: no log, answer, event, exception, repr or screen has them in any shape."""

import base64
import json
import subprocess

import pytest
from tools.devserver.errors import CommandError
from tools.devserver.ui.console import Console
from tools.devserver.ui.prompt import parse

from ..meter import MICROPYTHON, environment
from .conftest import KEY, know
from .test_sessions import HASTY, OTHER

WRONG = ("/0", "/0/0", "/0/0/3", "/0/0/5", "/0/0/5/0")

# For MicroPython: each line is what one who has the objects in hand may print
REPRS = """
import sys
from counted import counting
from firmware import app
from firmware.config import settings as config
from dtls.client import Dtls
from dtls.crypto import Ccm
from dtls.record import DtlsError, Records
given = {"servers": [{"uri": "coaps://127.0.0.1:9", "identity": "m", "key": KEY}]}
whole = config.check(given)
client, device = app.build(whole, app.logger(4, print), counting())
client.transports["coap"] = lambda *a: Lower()
class Lower:
    def send(self, datagram):
        print(bytes(datagram), datagram.hex() if hasattr(datagram, "hex") else "")
    def recv(self): return None
    def close(self): pass
psk = client.transports["coaps"]
account = client.links[0].account
transport = psk("127.0.0.1", 9, account)
core = transport.core
for one in (client, device, psk, transport, core, client.model, client.model.object(0), Ccm):
    print(repr(one), str(one))
for now in range(0, 200000, 1000):
    core.poll(now)
core.connect(0)
core.input(bytes(2000), 0)
for key in (b"", account.key * 5):
    try:
        Dtls(b"m", key)
    except DtlsError as error:
        print(repr(error), str(error), error.args)
        sys.print_exception(error)
try:
    core.send(bytes(5000), 0)
except DtlsError as error:
    sys.print_exception(error, sys.stdout)
for wrong in (KEY[1:], KEY + "0", KEY * 9, [KEY], {"k": KEY}, 5):
    given["servers"][0]["key"] = wrong
    try:
        config.check(given)
    except config.ConfigError as error:
        print(repr(error), error)
for wrong in ([given], {"servers": given}, {"servers": [[given]]}, {"servers": [KEY]}):
    try:
        config.check(wrong)
    except config.ConfigError as error:
        print(repr(error), error)
print("end")
"""


def shapes(key: str) -> set:
    """The key as it may be printed, in lower case."""
    raw = bytes.fromhex(key)
    found = {key, key[1:], base64.b64encode(raw).decode().rstrip("="), str(raw)[2:-1]}
    found |= {base64.urlsafe_b64encode(raw).decode().rstrip("="), str(list(raw))[1:-1]}
    found |= {" ".join("%02x" % byte for byte in raw), ":".join("%02x" % byte for byte in raw)}
    return {shape.lower() for shape in found}


def sweep(text: str) -> None:
    for key in (KEY, OTHER):
        for shape in shapes(key):
            assert shape not in text.lower(), shape


def test_the_sweep_finds_keys():
    for shape in shapes(KEY):
        with pytest.raises(AssertionError):
            sweep("x" + shape + "y")


def test_no_answer_of_the_meter_no_log_and_no_event_has_a_key(leshan, relay, start):
    """Wrong first, then right; every operation on /0 is refused."""
    know(leshan, "secret", OTHER)
    meter = start(relay.uri, endpoint="secret", key=KEY, wrong=True, **HASTY)
    meter.wait_log("wrong key")
    know(leshan, "secret", KEY)
    meter.wait_log(r"I \S+ registered", 20)
    leshan.wait_event("registered", endpoint="secret")
    answers = []
    for path in WRONG:
        for op in ("read", "discover", "observe", "write", "write-attributes", "delete"):
            if path.count("/") > 3 and op == "discover":
                continue
            more = {"value": {"hex": "00"}, "format": "tlv"} if op == "write" else {}
            more = {"attributes": "pmin=1"} if op == "write-attributes" else more
            answer = leshan.ask(op=op, endpoint="secret", path=path, **more)
            answers.append(answer)
            if path.count("/") in (1, 2, 3) and op in ("read", "discover"):
                assert answer["code"] == "4.01", (op, path, answer)
            assert answer.get("code", "4")[0] == "4", (op, path, answer)
    for paths in (["/"], ["/0", "/3/0/1"], ["/0/0", "/3/0/1"], ["/0/0/3", "/0/0/5", "/3/0/1"]):
        for op in ("read-composite", "observe-composite"):
            answer = leshan.ask(op=op, endpoint="secret", paths=paths, raw=True)
            answers.append(answer)
            payload = bytes.fromhex(answer["payload"])
            assert b"Water meter" in payload and bytes.fromhex(KEY) not in payload
            sweep(payload.decode("latin-1"))
    answers.append(leshan.ask(op="discover", endpoint="secret", path="/3"))
    answers.append(leshan.ask(op="list"))
    sweep(json.dumps(answers))
    sweep("\n".join(meter.lines))
    sweep(json.dumps(leshan.events) + "\n".join(leshan.errors))
    assert all(bytes.fromhex(KEY) not in one.data for one in relay.capture)


def test_the_event_log_has_neither_key_nor_identity(leshan, relay, start):
    """At level detail: a wrong key, a handshake, a registration, refused reads of Object 0."""
    names = {"endpoint": "logged", "identity": "psk-ident-7"}
    know(leshan, "logged", OTHER, "psk-ident-7")
    levels = {"level": "detail", "dtls": "detail"}
    meter = start(
        relay.uri, key=KEY, wrong=True, event_log={"bytes": 8192}, log=levels, **names, **HASTY
    )
    meter.wait_log("wrong key")
    know(leshan, "logged", KEY, "psk-ident-7")
    meter.wait_log(r"I \S+ registered", 20)
    leshan.wait_event("registered", endpoint="logged")
    for path in WRONG:
        assert leshan.ask(op="read", endpoint="logged", path=path)["code"][0] == "4"
    answer = leshan.ask(op="read", endpoint="logged", path="/20/0/4014", format="opaque")
    log = bytes.fromhex(answer["value"]["hex"])
    text = log.decode() + "\n".join(meter.lines)
    assert "registering at" in text and "DTLS: session established" in log.decode()
    sweep(text)
    for part in (bytes.fromhex(KEY), b"psk-ident-7", b"psk-ident-7".hex().encode()):
        assert part not in text.encode().lower(), part


def test_no_repr_exception_or_log_line_has_a_key():
    done = subprocess.run(
        [MICROPYTHON, "-c", "KEY=%r\n%s" % (KEY, REPRS)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    text = done.stdout + done.stderr
    assert done.stdout.endswith("end\n"), text
    assert "Dtls" in text and "no answer" in text and "must be" in text
    sweep(text)


def test_no_screen_has_a_key_that_was_typed():
    console = Console()

    class Engine:
        def submit(self, command, done):
            done({"identity": command["identity"]})

    console.engine = Engine()
    console.obey("psk m m " + KEY)
    console.obey("psk m m " + KEY + "z")
    console.obey("psk m " + KEY)
    text = console.board.draw(120, 30)
    while not console.news.empty():
        text += console.news.get()
    assert "psk" in text
    sweep(text)
    with pytest.raises(CommandError) as caught:
        parse("psk m m m " + KEY, None)
    sweep(str(caught.value))
