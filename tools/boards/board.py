"""board.json as the tools use it: `load("RPI_PICO_W")`, or a BoardError of one line.

Sizes are texts as in ESP-IDF's partition tables: "0x12C000", "848K", "2M". A region of flash has
offset and length; one that is `in` another lies within it, or is a path of its file system.
"""

import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class BoardError(Exception):
    """A board.json that is not there or not as it must be; the text is one line."""


@dataclass(frozen=True)
class Region:
    """A region of flash in bytes from its start, or a folder of the file system `inside`."""

    name: str
    offset: int | None
    length: int | None
    inside: str = ""
    path: str = ""

    @property
    def end(self) -> int:
        """Return the first byte behind it."""
        return self.offset + self.length


@dataclass(frozen=True)
class Board:
    """One board: `facts` is the whole board.json, beside what is worked out of it."""

    name: str
    folder: Path
    facts: dict
    flash_size: int
    regions: dict[str, Region]

    @property
    def port(self) -> str:
        """Return MicroPython's name of the port: rp2, esp32 or unix."""
        return self.facts["port"]

    @property
    def mcu(self) -> str:
        """Return the chip, as its maker writes it."""
        return self.facts["mcu"]

    @property
    def power_class(self) -> str:
        """Return mains, gated or battery."""
        return self.facts["power_class"]


def names(root: Path = ROOT) -> list[str]:
    """Return the names of all boards."""
    return sorted(path.parent.name for path in (root / "boards").glob("*/board.json"))


def load(name: str, root: Path = ROOT) -> Board:
    """Read boards/NAME/board.json."""
    folder = root / "boards" / name
    path, place = folder / "board.json", "boards/%s/board.json" % name
    if "/" in name or not path.is_file():
        raise BoardError(
            "board %s: no such board: give one of %s" % (name, ", ".join(names(root)))
        )
    try:
        facts = json.loads(path.read_text())
    except ValueError as error:
        raise BoardError("%s: no valid JSON (%s): mend its syntax" % (place, error)) from error
    try:
        flash = facts["flash"]
        regions = {key: _region(key, value) for key, value in flash["regions"].items()}
        return Board(name, folder, facts, size(flash["size"]), regions)
    except KeyError as error:
        raise BoardError("%s: no %s: copy it from another board" % (place, error)) from error
    except (AttributeError, TypeError, ValueError) as error:
        raise BoardError("%s: flash: %s" % (place, error)) from error


def size(text: str) -> int:
    """Return the bytes of "0x1000", "4096", "4K" or "1M"."""
    factor = {"K": 1024, "M": 1024 * 1024}.get(str(text)[-1:], 1)
    try:
        return int(str(text)[:-1] if factor > 1 else text, 0) * factor
    except (TypeError, ValueError):
        raise ValueError('%r: give a size like "0x1000", "4K" or "1M"' % text) from None


def _region(name: str, value: dict) -> Region:
    inside = value.get("in", "")
    if "path" in value:
        return Region(name, None, None, inside, value["path"])
    return Region(name, size(value["offset"]), size(value["length"]), inside)
