"""`make run`, `make server` and `make meter` over coaps: with a key that nobody sees."""

import base64
import os
import pathlib
import subprocess
import sys

import pytest
from demo_with_key import KEY
from tools import meter
from tools.devserver import __main__ as entry
from tools.devserver import demo
from tools.devserver.driver import ROOT
from tools.devserver.ui.console import Console

DEMO = str(pathlib.Path(__file__).parent / "demo_with_key.py")
GOOD = {"PSK_IDENTITY": "m", "PSK_KEY": KEY}
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PSK_")}


def tells_the_key(text: str) -> bool:
    """In any of the shapes that a program may give it."""
    raw = bytes.fromhex(KEY)
    shapes = (KEY, base64.b64encode(raw).decode().rstrip("="), str(list(raw))[1:-1], str(raw))
    return any(shape.lower() in text.lower() for shape in shapes)


def command_lines() -> str:
    """What ps shows, of every process."""
    found = []
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes().decode(errors="replace"))
        except OSError:  # it has ended
            pass
    return "\n".join(found)


def start(*arguments: str, program: str = DEMO, **environment: str) -> subprocess.Popen:
    """A server for a person, without a terminal."""
    command = [sys.executable] + ([program] if program else ["-m", "tools.devserver"])
    return subprocess.Popen(
        [*command, "--port", "0", *arguments],
        env=CLEAN | environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_demo_registers_by_coaps_and_its_key_is_nowhere(jvm):
    process = start("--demo", "--engine", "leshan", "--seconds", "5", "--endpoint", "w-7")
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "registered w-7" in line:
            assert "--endpoint\0w-7" in command_lines()
            assert not tells_the_key(command_lines())
    assert process.wait(10) == 0
    text = "".join(lines)
    assert " coaps://127.0.0.1:" in lines[0], text
    [registered] = [line for line in lines if " registered w-7" in line]
    assert ", coaps://127.0.0.1:" in registered
    assert "notification w-7 /3424/0/1" in text and "deregistered w-7" in lines[-1]
    logs = (demo.METER_LOG, entry.LOG, entry.LOG.with_suffix(".python.log"))
    text += "".join(log.read_text(errors="replace") for log in logs if log.exists())
    assert "DTLS: session established" in text and not tells_the_key(text)


def test_without_dtls_the_demo_says_so_in_one_line_and_goes_on():
    process = start("--demo", "--engine", "aiocoap", "--seconds", "3")
    lines = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    [said] = [line for line in lines if "no DTLS" in line]
    assert said.endswith("the engine aiocoap has no DTLS: the meter has no security")
    assert any("registered water-1" in line and " coap://" in line for line in lines)


def test_coaps_by_name_is_never_left_out():
    process = start("--demo", "--engine", "aiocoap", "--coaps")
    text = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert text == "devserver: the engine aiocoap has no coaps: use --engine leshan\n"
    process = start("--demo", "--nosec", "--coaps")
    assert process.communicate(timeout=60)[0].count("\n") == 1 and process.returncode == 2


def test_nosec_of_make_and_nothing_else_takes_it_away():
    def made(*arguments):
        command = ["make", "-n", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=CLEAN, capture_output=True, text=True)
        return done.stdout

    assert "--nosec" in made("run", "NOSEC=1")
    assert "--nosec" not in made("run") and "--nosec" not in made("run", "NOSEC=0")
    for target in ("run", "server", "meter"):
        assert not tells_the_key(made(target, "PSK_IDENTITY=m", "PSK_KEY=" + KEY))


def test_the_server_alone_takes_a_key_from_the_environment(jvm):
    more = ("--seconds", "1", "--endpoint", "m")
    process = start(*more, "--engine", "leshan", program="", **GOOD)
    text = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert " coaps://127.0.0.1:" in text and "m has a key as m" in text
    assert not tells_the_key(text)
    process = start(*more, program="", **{**GOOD, "PSK_KEY": KEY + "xyz"})
    text = process.communicate(timeout=60)[0]
    assert process.returncode == 1 and text.startswith("devserver: PSK_KEY: 35 characters")
    assert text.count("\n") == 1 and not tells_the_key(text)


class Engine:
    """One with addresses."""

    name = "leshan"

    def addresses(self):
        """Both."""
        return {"coap": "coap://127.0.0.1:5683", "coaps": "coaps://127.0.0.1:5684"}


def test_the_header_of_the_screen_shows_coaps():
    console = Console()
    console.serving(Engine(), 1)
    assert "leshan on coap://127.0.0.1:5683 coaps://127.0.0.1:5684" in console.board.draw(100, 30)


def test_a_taken_port_of_coaps_is_no_reason_not_to_run(monkeypatch):
    said = []
    settings = demo.Settings(coaps=True)

    def probe(host, port):
        if port == 5684:
            raise demo.StartError("taken")

    monkeypatch.setattr(demo, "probe", probe)
    demo.free_port(settings, False, said.append)
    assert settings.port == 0 and said == ["UDP port 5684 is taken: any free port serves instead"]


@pytest.mark.parametrize(
    ("server", "environment", "words"),
    [
        ("coaps://h", {}, "SERVER coaps://h: DTLS without a key: must go with PSK_IDENTITY="),
        ("coaps://h", {"PSK_KEY": KEY}, "PSK_IDENTITY: 0 bytes: must be"),
        ("coaps://h", {"PSK_IDENTITY": "m"}, "PSK_KEY: 0 characters"),
        ("coaps://h", {**GOOD, "PSK_IDENTITY": "m" * 129}, "PSK_IDENTITY: 129 bytes"),
        ("coaps://h", {**GOOD, "PSK_KEY": KEY[:31]}, "PSK_KEY: 31 characters, not shown"),
        ("coaps://h", {**GOOD, "PSK_KEY": KEY[:30]}, "PSK_KEY: 30 characters, not shown"),
        ("coaps://h", {**GOOD, "PSK_KEY": KEY[:-1] + "g"}, "PSK_KEY: 32 characters"),
        ("coaps://h", {**GOOD, "PSK_KEY": " ".join((KEY, KEY))}, "PSK_KEY: 65 characters"),
        ("coaps://h", {**GOOD, "PSK_KEY": KEY * 5}, "PSK_KEY: 160 characters"),
        ("coap://h", GOOD, "PSK_KEY: given, but SERVER is coap://h: must be like coaps://"),
        ("coaps://", GOOD, "coaps://"),
        (None, GOOD, "PSK_KEY: given, but SERVER is not given"),
    ],
)
def test_a_wrong_key_or_server_is_refused_in_one_line(server, environment, words):
    command = [sys.executable, meter.__file__] + (["--server", server] if server else [])
    done = subprocess.run(
        command, env=CLEAN | environment, capture_output=True, text=True, timeout=20
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("meter: ") and words in done.stderr
    assert done.stderr.count("\n") == 1 and "must be" in done.stderr.replace("go with", "be")
    given = environment.get("PSK_KEY")
    assert not given or given not in done.stderr


def test_a_demo_without_jars_falls_back_to_nosec(tmp_path, jvm):
    script = tmp_path / "offline.py"
    script.write_text(
        "import sys, pathlib\n"
        "sys.path.insert(0, %r)\n"
        "from tools.devserver import __main__ as entry\n"
        "from tools.devserver.engines.leshan import jars\n"
        "def offline(coordinate, cache):\n"
        "    raise OSError('no network here')\n"
        "jars.resolve = offline\n"
        "jars.fetch.__defaults__ = (jars.SERVER, pathlib.Path(%r))\n"
        "sys.exit(entry.main())\n" % (str(ROOT), str(tmp_path / "maven"))
    )
    process = start("--demo", "--seconds", "3", program=str(script))
    text = process.communicate(timeout=60)[0]
    assert process.returncode == 0, text
    assert "aiocoap serves" in text and "the meter has no security" in text
    assert "registered water-1" in text
