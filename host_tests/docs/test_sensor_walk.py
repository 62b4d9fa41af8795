"""The sensor of docs/adding-a-sensor.md, added to a copy of the tree by following the page."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pages
import pytest
from host_tests.emulator.meter_server import MeterServer
from tools.emulator import Board

PAGE = pages.ROOT / "docs" / "adding-a-sensor.md"
TREES = ("lib", "firmware", "boards", "tools", "docs", "examples", "README.md")


def commands(start: str) -> str:
    """The page's command that begins so."""
    return next(text for language, text in pages.fences(PAGE) if text.startswith(start))


def follow(tree: Path, uri: str) -> None:
    """Do what the page says, up to the programs that it starts; the server is ours."""
    for name in TREES:
        copy = shutil.copytree if (pages.ROOT / name).is_dir() else shutil.copy
        copy(pages.ROOT / name, tree / name)
    (tree / "build" / "fake").mkdir(parents=True)
    (tree / "build" / "venv").symlink_to(pages.ROOT / "build" / "venv")
    for language, text in pages.fences(PAGE):
        first = text.partition("\n")[0]
        if language == "python" and first.startswith("# "):
            (tree / first[2:]).write_text(text)
        elif language == "json":
            settings = json.loads(text)
            settings["servers"][0]["uri"] = uri
            (tree / "pressure.json").write_text(json.dumps(settings))
    subprocess.run(commands("sed "), cwd=tree, shell=True, check=True)


@pytest.fixture
def server():
    one = MeterServer()
    yield one
    one.stop()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tmp_path / "tree"


def test_it_is_registered_observed_and_reported_on_the_unix_port(tree, server):
    tree.mkdir()
    follow(tree, "coap://127.0.0.1:%d" % server.port)
    meter = subprocess.Popen("exec env " + commands("MICROPYPATH"), cwd=tree, shell=True)
    try:
        assert b"</3323/0>" in server.wait_for_registration(30).payload
        time.sleep(1.5)
        observed(server)
    finally:
        meter.send_signal(signal.SIGKILL)
        meter.wait()


def observed(server: MeterServer) -> None:
    """The pressure is read, observed, and reported as it rises."""
    answer, notification = server.observe("/3323/0/5700")
    assert 250000 <= int(answer.payload) < int(notification.payload) < 400000
    assert answer.opt.observe is not None and notification.opt.observe is not None


class Rising:
    """A voltage at GP26 that begins at 0.75 V and rises."""

    def attach(self, chip: object) -> None:
        """Wire it."""
        self.chip, self.raw = chip, 931
        self.alarm = chip.clock.create_alarm(self.rise)
        self.rise()

    def rise(self) -> None:
        """A bit more every 200 ms."""
        self.chip.adc.channel_values[0] = self.raw
        self.raw += 1
        self.alarm.schedule(200_000_000)


@pytest.mark.slow
def test_it_is_registered_and_observed_in_the_emulated_image(tree, server):
    tree.mkdir()
    follow(tree, "coap://10.64.64.1:%d" % server.port)
    built = subprocess.run(
        commands("build/venv/bin/python -m tools.image").replace(
            "build/venv/bin/python", sys.executable
        ),
        cwd=tree,
        shell=True,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    with Board(files_of(tree), devices=[Rising().attach]):
        assert b"</3323/0>" in server.wait_for_registration().payload
        observed(server)


def files_of(tree: Path) -> dict:
    """The files of the image, as the page's command has them."""
    program = (
        "import json, sys; from pathlib import Path; from tools.image import profile;"
        "f = profile.build_files(profile.of('METER_PPP', 'pressure'));"
        "print(json.dumps({k: v.hex() for k, v in f.items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tree, capture_output=True, text=True, check=True
    )
    files = {name: bytes.fromhex(data) for name, data in json.loads(done.stdout).items()}
    return files | {"/config.json": (tree / "pressure.json").read_bytes()}
