"""What a board keeps, saved on this host before its flash is written, and put into the image.

    build/kept/ID/20261126-193000/config/config.json ...      what was read, owner-readable only
    build/kept/ID/pending                                      a write that has begun, not ended

So there is no moment at which the configuration and the counters are on neither side. After a
write that was interrupted the board may hold half: then what was saved comes back with the next
one. But counters never go back unasked: a board that has other files by then is a question.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .boards import ROOT
from .failure import FlashError
from .progress import say

FOLDER = ROOT / "build" / "kept"
PLACES = ("/config", "/data")
CONFIG = "/config/config.json"
OLD_CONFIG = "/config.json"  # where images before the slots had it
CHOICES = ("", "saved", "board")  # KEEP=


@dataclass
class Saved:
    """The files of a board, {device path: content}, and `place`, where they are on this host."""

    device: str
    board: str
    folder: Path
    files: Mapping[str, bytes]
    place: Path | None = None

    @property
    def config(self) -> Path | None:
        """Return the file of the board's configuration, or None where it has none."""
        return self.place / CONFIG.lstrip("/") if self.place and CONFIG in self.files else None

    def begin(self) -> None:
        """From now on the board may hold half of an image."""
        if self.place:
            note = {"board": self.board, "folder": self.place.name}
            _guarded(self.place, lambda: _write(self._pending, json.dumps(note).encode()))

    def done(self) -> None:
        """The write has ended and was verified. What was saved stays on this host."""
        if self.device:
            self._pending.unlink(missing_ok=True)

    def failed(self, error: FlashError) -> FlashError:
        """Return the error, with where the files are if the board may have lost them."""
        if not self.device or not self._pending.exists():
            return error
        return FlashError(
            "%s (what the board keeps is in %s, the next `make flash` puts it back)"
            % (error, self.place)
        )

    @property
    def _pending(self) -> Path:
        return self.folder / self.device / "pending"


def save(
    device: str, board: str, found: Mapping[str, bytes], folder: Path, choice: str = ""
) -> Saved:
    """Save what is found on a board; or take what a write that did not end has saved.

    `choice` is "saved" or "board" where both are there and differ.
    """
    waiting = pending(device, board, folder)
    if waiting:
        differ = any(waiting.files.get(path) != data for path, data in found.items())
        if differ and choice not in CHOICES[1:]:
            raise FlashError(
                "a write of this board did not end, its files are in %s; the board has others "
                "now: KEEP=saved or KEEP=board says which stay" % waiting.place
            )
        if not differ or choice == "saved":
            say("going on with a write that did not end: its files are in %s" % waiting.place)
            return waiting
    saved = Saved(device, board, folder, dict(found))
    if found:
        saved.place = _new_place(folder / device)
        for path, data in found.items():
            file = saved.place / path.lstrip("/")
            _guarded(saved.place, lambda file=file, data=data: _write(file, data))
    return saved


def _new_place(base: Path) -> Path:
    name = time.strftime("%Y%m%d-%H%M%S")
    number, place = 0, base / name
    while place.exists():
        number += 1
        place = base / ("%s-%d" % (name, number))
    return place


def _guarded(place: Path, work) -> None:
    try:
        work()
    except OSError as error:
        raise FlashError(
            "%s: %s: the board's files cannot be saved, nothing was written"
            % (place, error.strerror)
        ) from error


def _write(file: Path, data: bytes) -> None:
    for parent in reversed(file.parents):
        parent.mkdir(exist_ok=True, mode=0o700)
    part = file.with_name(file.name + ".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def pending(device: str, board: str, folder: Path) -> Saved | None:
    """Return what a write of a board that has not ended has saved, or None."""
    try:
        note = json.loads((folder / device / "pending").read_text())
        place = folder / device / note["folder"]
    except (OSError, ValueError, KeyError):
        return None
    files = load(place)
    return Saved(device, board, folder, files, place) if files else None


def pending_of(board: str, folder: Path) -> list[Saved]:
    """Return those of a kind of board."""
    found = []
    for file in sorted(folder.glob("*/pending")):
        saved = pending(file.parent.name, board, folder)
        if saved and json.loads(file.read_text()).get("board") == board:
            found.append(saved)
    return found


def load(place: Path) -> dict[str, bytes]:
    """Return {device path: content} of a saved folder."""
    files = (path for path in sorted(place.rglob("*")) if path.is_file())
    return {"/" + path.relative_to(place).as_posix(): path.read_bytes() for path in files}


def kept_paths(paths: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return of {device path: content} what is kept over a write."""
    inside = tuple(place + "/" for place in PLACES)
    found = {path: data for path, data in paths.items() if path.startswith(inside)}
    if OLD_CONFIG in paths:
        found.setdefault(CONFIG, paths[OLD_CONFIG])
    return found


def carried(files: Mapping[str, bytes], config_given: bool) -> dict[str, bytes]:
    """Return of a board's saved files those that go into the new image.

    A configuration that is named on the command line replaces the one of the board.
    """
    return {p: data for p, data in files.items() if not (config_given and p == CONFIG)}
