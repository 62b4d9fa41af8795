"""CycloneDX 1.6, JSON: what an image has, each part with a hash; the same for the same image.

There is no time and no random number in it, unless SOURCE_DATE_EPOCH gives the time.
"""

import hashlib
import json
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tools.board_firmware.sources import SOURCE_PACKAGES
from tools.boards.board import ROOT
from tools.image.build import Image
from tools.image.profile import Entry

_SPECIFICATION = "1.6"
_REPOSITORY = "pkg:github/micropython-lwm2m/micropython-lwm2m"
_SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # of URLs: RFC 9562
# What MicroPython's firmware of a port has of others, as far as it meets the network or keys.
_WITHIN = {
    "rp2": ("lwip", "mbedtls", "littlefs", "pico-sdk", "tinyusb"),
    "esp32": ("esp-idf", "mbedtls", "lwip", "littlefs"),
}


def hash_of(data: bytes) -> list[dict]:
    """Return the entry `hashes` of some bytes."""
    return [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]


def version() -> str:
    """Return this repository's version."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def packages(entries: Iterable[Entry]) -> list[dict]:
    """Return a component for each package of ours, its hash over its sources in the image."""
    sources: dict[str, list[Path]] = {}
    for entry in entries:
        if entry.compiled:
            sources.setdefault(_package(entry), []).append(entry.host)
    return [_ours(name, sorted(files)) for name, files in sorted(sources.items())]


def _package(entry: Entry) -> str:
    if not entry.host.is_relative_to(ROOT):
        return entry.module.split(".")[0]
    parts = entry.host.relative_to(ROOT).parts
    return "/".join(parts[:2]) if parts[0] in ("lib", "boards") else parts[0]


def _ours(name: str, files: list[Path]) -> dict:
    data = b"".join(path.name.encode() + b"\0" + path.read_bytes() + b"\0" for path in files)
    made = {"type": "library", "bom-ref": "package:" + name, "name": name, "hashes": hash_of(data)}
    if not files[0].is_relative_to(ROOT):  # a vendor's: neither version nor licence is known
        return made
    licence = [{"license": {"id": "MIT"}}]
    purl = "%s@%s#%s" % (_REPOSITORY, version(), name)
    return {**made, "version": version(), "licenses": licence, "purl": purl}


def files(content: Mapping[str, bytes]) -> list[dict]:
    """Return a component for each file on the device, by its path."""
    return [
        {"type": "file", "bom-ref": "file:" + path, "name": path, "hashes": hash_of(data)}
        for path, data in sorted(content.items())
    ]


def micropython(image: Image, firmware: bytes, port: str, name: str) -> dict:
    """Return the component of MicroPython, with the hash of its firmware's file."""
    number = image.version.split("-")[0]
    return {
        "type": "firmware",
        "bom-ref": "micropython",
        "name": "micropython",
        "version": image.version,
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": "pkg:github/micropython/micropython@v%s" % number,
        "cpe": "cpe:2.3:a:micropython:micropython:%s:*:*:*:*:*:*:*" % number,
        "hashes": hash_of(firmware),
        "properties": [{"name": "micropython:file", "value": name}],
        "components": [_inside(part, port) for part in _WITHIN.get(port, ())],
    }


def _inside(part: str, port: str) -> dict:
    """Return a library in MicroPython's firmware; its version where our own build pins it."""
    found = {"type": "library", "bom-ref": "micropython/" + part, "name": part}
    for package in SOURCE_PACKAGES if port == "rp2" else ():
        name, equals, number = package.partition("=")
        if name == part and equals:
            found["version"] = number.rpartition("-")[0]
    return found


def build(image: Image, board, firmware: Path, profile: str, environment: Mapping) -> dict:
    """Return the bill of an image that was made of a firmware's file for a board."""
    content = {**image.placed.files, **image.placed.rom}
    content.pop("/config/config.json", None)  # a secret, and not software
    whole = "micropython-lwm2m-%s-%s" % (board.name, profile or "all")
    parts = packages(image.entries)
    top = {
        "type": "firmware",
        "bom-ref": "image",
        "name": whole,
        "version": version(),
        "hashes": hash_of(image.data),
        "properties": [{"name": "micropython-lwm2m:board", "value": board.name}],
    }
    runtime = micropython(image, firmware.read_bytes(), board.port, firmware.name)
    metadata: dict = {"component": top}
    if environment.get("SOURCE_DATE_EPOCH"):
        moment = datetime.fromtimestamp(int(environment["SOURCE_DATE_EPOCH"]), UTC)
        metadata["timestamp"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    components = [runtime, *parts, *files(content)]
    identity = json.dumps([top, components], sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-%s.schema.json" % _SPECIFICATION,
        "bomFormat": "CycloneDX",
        "specVersion": _SPECIFICATION,
        "serialNumber": "urn:uuid:%s" % uuid.uuid5(_SPACE, identity),
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": _dependencies(parts),
    }


def _dependencies(parts: Iterable[Mapping]) -> list[dict]:
    ours = [part["bom-ref"] for part in parts]
    rows = [{"ref": "image", "dependsOn": ["micropython", *ours]}]
    return rows + [{"ref": ref, "dependsOn": ["micropython"]} for ref in ours]


def text(bill: Mapping) -> str:
    """Return the text of its file."""
    return json.dumps(bill, indent=1) + "\n"
