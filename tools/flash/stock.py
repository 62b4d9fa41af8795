"""Stock MicroPython, downloaded once and held to a pinned SHA-256.

`python -m tools.flash.stock RPI_PICO_W` prints the file's path. micropython.org publishes no
checksums: those in stock.json were copied from other projects' records, and nobody here has
compared them with a download. Another content is refused. mpflash, which downloads too, compares
none and brings 30 packages; this is urllib.
"""

import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from .boards import ROOT
from .failure import FlashError

TABLE = Path(__file__).with_name("stock.json")
FOLDER = ROOT / "build" / "stock"
_TIMEOUT_S = 30
_CHUNK = 65536


def fetch(
    board: str,
    progress: Callable[[int, int], None] = lambda done, size: None,
    table: Path = TABLE,
    folder: Path = FOLDER,
) -> Path:
    """Return the file of a board's stock firmware; `progress(bytes, of bytes)` while it comes.

    FIRMWARE_MIRROR in the environment is another place that has the same files.
    """
    known = json.loads(table.read_text())
    if board not in known["files"]:
        raise FlashError(
            "no stock firmware is pinned for %s, only for %s: give FIRMWARE=file"
            % (board, ", ".join(known["files"]))
        )
    pin = known["files"][board]
    place = folder / pin["file"]
    if place.exists() and _hash(place.read_bytes()) == pin["sha256"]:
        return place
    source = os.environ.get("FIRMWARE_MIRROR") or known["source"]
    data = _download(source.rstrip("/") + "/" + pin["file"], progress)
    if _hash(data) != pin["sha256"]:
        raise FlashError(
            "%s: SHA-256 is %s..., %s... is pinned in %s: nothing was kept; try again, or give "
            "FIRMWARE= a file that you trust"
            % (pin["file"], _hash(data)[:16], pin["sha256"][:16], table.name)
        )
    folder.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    part.write_bytes(data)
    part.rename(place)
    return place


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _download(url: str, progress: Callable[[int, int], None]) -> bytes:
    data = bytearray()
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            size = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK):
                data += chunk
                progress(len(data), size)
    except (OSError, urllib.error.URLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise FlashError(
            "%s: %s: download it elsewhere and give FIRMWARE=file" % (url, reason)
        ) from error
    if size and len(data) != size:
        raise FlashError("%s: %d of %d bytes came: try again" % (url, len(data), size))
    return bytes(data)


if __name__ == "__main__":
    try:
        print(fetch(sys.argv[1] if len(sys.argv) > 1 else ""))
    except FlashError as failure:
        sys.exit("flash: %s" % failure)
