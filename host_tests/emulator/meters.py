"""The main programs that test_meter.py boots: what is on the file system, and what it imports."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coaps_leshan import KEY
from tools.emulator.guest import PPP_UP
from tools.image import build, profile
from tools.image.compiler import ROOT
from tools.sizes import budgets, modules

BOARD = "METER_PPP"
ENDPOINT = "emulated-meter"
_SIZES = ROOT / "tools" / "sizes"

# As little as the harness takes for a meter: one Register, then one answer to each request.
_FAKE = (
    PPP_UP
    + """
import config
s = link(config.PORT)
REGISTER = (b"\\x40\\x02\\x12\\x34\\xb2rd\\x11\\x28\\x39" + b"ep=fake00" + b"\\x07lt=9999")
s.send(REGISTER)
s.recv(99)
print("registered")
while True:
    data = s.recv(99)
    head = bytes([0x60 | data[0] & 15, 0x45]) + data[2:4 + (data[0] & 15)]
    s.send(head + b"\\xfffake")
"""
)


@dataclass(frozen=True)
class Meter:
    """A main program: `files` of a server's port, the modules it imports, what /3/0/0 reads."""

    name: str
    files: Callable[[int], dict]
    modules: Callable[[], Sequence[str]]
    manufacturer: bytes


def _fake_files(port: int) -> dict[str, bytes]:
    return {"main.py": _FAKE.encode(), "config.py": b"PORT = %d\n" % port}


def _board_files(server: dict) -> dict[str, bytes]:
    """Return the files of a water meter with a configuration of one server."""
    config = {"endpoint": ENDPOINT, "servers": [server]}
    files = build.content(profile.of(BOARD, "water"), build.board_of(BOARD))
    return files | {"/config.json": json.dumps(config).encode()}


def _real_files(port: int) -> dict[str, bytes]:
    return _board_files({"uri": "coap://10.64.64.1:%d" % port, "lifetime": 300})


def _coaps_server(port: int) -> dict:
    """Return the settings of a coaps server that has coaps_leshan's KEY."""
    uri = "coaps://10.64.64.1:%d" % port
    return {"uri": uri, "lifetime": 300, "identity": ENDPOINT, "key": KEY}


def coaps_files(port: int) -> dict[str, bytes]:
    """Return the files of the water meter at a coaps server."""
    return _board_files(_coaps_server(port))


def coaps_image(port: int, folder: Path, more: Mapping[str, bytes] | None = None) -> Path:
    """Write the one file that `make image` makes of the same, and `more` files; return its path.

    Its modules are in slot a of the ROMFS, and nowhere else.
    """
    config, file = folder / "my.json", folder / "meter.uf2"
    whole = {"endpoint": ENDPOINT, "servers": [_coaps_server(port)]}
    whole["registration"] = {"update_pause": 3}  # how soon after a restart an Update follows
    config.write_text(json.dumps(whole))
    extra = []
    for path, content in (more or {}).items():
        extra.append(profile.Entry("/" + path, folder / path))
        extra[-1].host.write_bytes(content)
    made = build.build(build.Request(BOARD, "water", config, extra=tuple(extra)))
    assert "/core.mpy" in made.placed.rom and "/core.mpy" not in made.placed.files
    file.write_bytes(made.data)
    return file


def profile_modules(name: str) -> list[str]:
    """Return the modules of a profile of tools/sizes, dependencies first."""
    found = modules.discover(ROOT, BOARD)
    return budgets.profile_modules(name, budgets.load(_SIZES / "profiles.json"), found)


FAKE = Meter("fake", _fake_files, lambda: (), b"fake")
WATER = Meter("water", _real_files, lambda: profile_modules("water"), b"micropython-lwm2m")
METERS = (FAKE, WATER)
