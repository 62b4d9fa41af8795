"""What a batch has done, a line of JSON for each step: what was interrupted goes on from there.

No key is in it. A line is on the disk before the next step; one that was cut off does not count.
"""

import json
import os
from pathlib import Path


class Journal:
    """The journal of one batch; what it says last of a device holds."""

    def __init__(self, path: Path):
        self.path = path
        self.written: dict[str, dict] = {}  # by endpoint: the board's ID, the file's SHA-256
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines[:-1]:
            try:
                step = json.loads(line)
                self.written[step["endpoint"]] = {
                    "device": str(step["device"]),
                    "sha256": step["sha256"],
                }
            except (ValueError, KeyError, TypeError):
                continue

    def board_of(self, endpoint: str) -> str:
        """Return the ID of the board that a device is, or ""."""
        return self.written.get(endpoint, {}).get("device", "")

    def endpoint_of(self, device: str) -> str:
        """Return the device that a board is, or ""."""
        for endpoint, step in self.written.items():
            if step["device"] == device:
                return endpoint
        return ""

    def note(self, endpoint: str, device: str, digest: str) -> None:
        """A board has the configuration of this SHA-256, read back."""
        step = {"endpoint": endpoint, "device": device, "sha256": digest}
        line = json.dumps(step).encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with open(handle, "r+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self.written[endpoint] = {"device": device, "sha256": digest}
