"""One device: its account, and the configuration that it gets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import endpoint, keys
from .failure import ProvisionError

IDENTITY_BYTES = 128


@dataclass
class Device:
    """What is one device's own. `place` says where it was given, for messages."""

    endpoint: str
    server: str = ""
    identity: str = ""
    key: str = field(default="", repr=False)
    place: str = ""
    chip: str = ""  # the unique ID of its board, where that is chosen before
    settings: dict = field(default_factory=dict)  # by dotted name
    bootstrap: bool = False  # its server is a bootstrap server, which has its accounts

    @property
    def secure(self) -> bool:
        """Return whether its server is one with DTLS."""
        return self.server.startswith("coaps:")


def findings(device: Device, nosec: bool = False) -> list[str]:
    """Return what is wrong with a device, a line each; its key may be still to be made."""
    found = []
    problem = endpoint.wrong(device.endpoint)
    if problem:
        found.append("endpoint %r %s" % (device.endpoint, problem))
    if not device.server:
        found.append("no server: give coaps://host:port, for each or for all")
    elif not device.secure and not nosec:
        found.append("server %s has no security: coaps://, or NOSEC=1 on a bench" % device.server)
    if device.secure and not 0 < len(device.identity.encode()) <= IDENTITY_BYTES:
        found.append("identity %r must be 1 to %d bytes" % (device.identity, IDENTITY_BYTES))
    if device.key:
        weak = keys.weakness(device.key)
        if weak:
            found.append("key (not shown) %s: leave it out, and a random one is made" % weak)
    return ["%s%s" % (device.place, line) for line in found]


def document(base: Mapping, device: Device) -> dict:
    """Return a device's whole configuration: the base's, and what is its own over it."""
    whole = json.loads(json.dumps(base))
    whole.pop("$schema", None)
    whole["endpoint"] = device.endpoint
    account = _account(whole, device)
    whole.pop("servers", None)
    whole.pop("bootstrap", None)
    if device.bootstrap:
        whole["bootstrap"] = account
    else:
        whole["servers"] = [account]
    for name, value in device.settings.items():
        _set(whole, name, value, device.place)
    return whole


def _account(base: Mapping, device: Device) -> dict:
    """Return the account of a device: that of the base, with the URI and the key of its own."""
    before = base.get("bootstrap") if device.bootstrap else base.get("servers")
    if isinstance(before, list) and before:
        before = before[0]
    account = dict(before) if isinstance(before, dict) else {}
    for name in ("identity", "key"):
        account.pop(name, None)
    account["uri"] = device.server
    if device.secure:
        account.update(identity=device.identity, key=device.key)
    return account


def _set(whole: dict, name: str, value: object, place: str) -> None:
    *path, last = name.split(".")
    for part in path:
        whole = whole.setdefault(part, {})
        if not isinstance(whole, dict):
            raise ProvisionError("%s%s: %s is no section" % (place, name, part))
    whole[last] = value


def text(whole: Mapping) -> bytes:
    """Return a configuration as the bytes of its file, the same for the same."""
    return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def base_of(path: Path | None) -> dict:
    """Return the configuration that all devices have in common; {} without a file."""
    if path is None:
        return {}
    try:
        base = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProvisionError("%s: %s: give a JSON file" % (path, reason)) from error
    if not isinstance(base, dict):
        raise ProvisionError("%s: must be an object in braces" % path)
    return base


def known_key(path: Path, name: str) -> str:
    """Return the key of a device's configuration that was made before, or ""."""
    try:
        whole = json.loads(path.read_text())
        if whole["endpoint"] == name:
            return (whole.get("bootstrap") or whole["servers"][0])["key"]
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        pass
    return ""
