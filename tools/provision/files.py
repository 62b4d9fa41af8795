"""Files with keys in them: for their owner only, whole or not at all."""

import hashlib
import os
import re
from pathlib import Path

_LONGEST = 200  # of a name, for file systems take 255 bytes


def write_private(path: Path, data: bytes) -> None:
    """Replace a file by one rename, mode 0600; folders that are made are 0700."""
    for parent in reversed(path.parents):
        parent.mkdir(exist_ok=True, mode=0o700)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)  # whatever its mode was
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def name_of(endpoint: str) -> str:
    """Return a file's name for an endpoint, another for each."""
    name = re.sub(r"[^A-Za-z0-9._-]", lambda found: "~%02x" % ord(found[0]), endpoint)
    if len(name) > _LONGEST:
        name = name[:_LONGEST] + "~" + hashlib.sha256(endpoint.encode()).hexdigest()[:16]
    return name
