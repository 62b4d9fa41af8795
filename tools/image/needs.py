"""What a configuration uses and its meter's profile may lack: found here, or refused."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from . import profile
from .compiler import ROOT
from .failure import ImageError

_SECTIONS = "firmware/config/objects.py"
_DIALERS = ("firmware/config/backends.py", "firmware/transports.py")
_TABLES = ("bg95",)  # of lib/modem
_FITTINGS = {"tamper_pin": "tamper", "battery_pin": "battery", "valve": "latching"}
_DTLS = ("psk", "transport", "client", "handshake", "record", "crypto")
_BOOTSTRAP = (
    "firmware/config/bootstrap.py",
    "firmware/bootstrap.py",
    *("lib/lwm2m/bootstrap/%s.py" % name for name in ("client", "session", "interface", "stage")),
    "lib/lwm2m/snapshot.py",
    "lib/lwm2m/management/write.py",
)
_CBC = 0xAE  # a cipher suite
_OBJECTS = {
    "connectivity": ("connectivity_monitoring",),
    "statistics": ("connectivity_statistics",),
    "portfolio": ("portfolio", "stored"),
    "app_data": ("binary_app_data", "stored"),
    "temperature": ("temperature",),
    "battery": ("battery",),
    "event_log": ("event_log",),
}


def complete(
    entries: list[profile.Entry], settings: Mapping, root: Path = ROOT
) -> list[profile.Entry]:
    """Return the entries that a checked configuration needs beside these."""
    known = {entry.module for entry in entries if entry.compiled}
    found = []
    for setting, name in _needed(settings):
        for entry in _entries(setting, name, known, root):
            if entry.module not in known:
                known.add(entry.module)
                found.append(entry)
    return found


def _entries(setting: str, name: str, known: set[str], root: Path) -> list[profile.Entry]:
    """Return the modules of a file or folder; `NAME.py` alone is a module of the owner's."""
    if "/" not in name and name.removesuffix(".py") in known:
        return []
    if "/" in name and (root / name).exists():
        return profile.parse_line(name, root, setting)
    raise ImageError(
        "config.json: %s: %s is missing: give it with --file %s=PATH" % (setting, name, name)
    )


def _needed(settings: Mapping) -> Iterator[tuple[str, str]]:
    """Yield (setting, file or folder) of what is not needed by every configuration."""
    dtls = settings.get("dtls")
    backend = dtls.get("backend", "own") if isinstance(dtls, dict) else "own"
    servers = settings.get("servers")
    servers = list(servers) if isinstance(servers, list) else []
    bootstrap = settings.get("bootstrap")
    if isinstance(bootstrap, dict):
        for path in _BOOTSTRAP:
            yield "bootstrap", path
        if settings.get("version") == "1.2":
            yield "bootstrap", "lib/lwm2m/bootstrap/pack.py"
        if bootstrap.get("keys_in_clear"):
            yield from _credentials(backend, bootstrap)
        servers.append(bootstrap)
    for server in servers:
        if isinstance(server, dict) and str(server.get("uri")).startswith("coaps:"):
            yield from _credentials(backend, server)
    if backend != "own":
        yield from _backend("dtls.backend", backend, settings)
    if settings.get("modem") is not None or settings.get("transport") is not None:
        yield from _backend("transport", settings.get("transport", "modem"), settings)
    if settings.get("wifi") is not None:
        yield "wifi", "firmware/config/wifi.py"
    if settings.get("inactive") is not None:
        yield "inactive", "firmware/config/inactive.py"
        yield "inactive", "firmware/inactive.py"
    device = settings.get("device")
    if isinstance(device, dict) and "power" in device:
        yield "device.power", _SECTIONS
        yield "device.power", "firmware/config/power.py"
    water = settings.get("water")
    for key, driver in _FITTINGS.items():
        if isinstance(water, dict) and key in water:
            for name in ("firmware/fittings.py", "lib/drivers/%s.py" % driver):
                yield "water." + key, name
    for key, modules in _OBJECTS.items():
        if settings.get(key) is not None and key != settings.get("profile"):
            for name in (_SECTIONS, "firmware/objects.py", *_paths(modules)):
                yield key, name
    if settings.get("event_log") is not None:
        yield "event_log", "firmware/ring.py"
    if isinstance(settings.get("log"), dict):
        yield "log", "firmware/config/log.py"


def _paths(modules: tuple[str, ...]) -> list[str]:
    return ["lib/lwm2m/objects/%s.py" % name for name in modules]


def _credentials(backend: object, server: Mapping) -> Iterator[tuple[str, str]]:
    yield "servers: coaps", "firmware/config/psk.py"
    if backend == "own":
        for name in _DTLS:
            yield "servers: coaps", "lib/dtls/%s.py" % name
        if _CBC in server.get("suites", ()):
            yield "servers.suites", "lib/dtls/cbc.py"
    if backend != "modem":
        yield "servers: coaps", "firmware/entropy.py"


def _backend(setting: str, name: object, settings: Mapping) -> Iterator[tuple[str, str]]:
    for path in _DIALERS:
        yield setting, path
    if name == "native":
        yield setting, "firmware/config/native.py"
        yield setting, "lib/dtls_native"
    elif name == "modem":
        yield setting, "firmware/config/modem.py"
        yield setting, "lib/modem"
        modem = settings.get("modem")
        kind = modem.get("kind") if isinstance(modem, dict) else None
        if kind not in (None, *_TABLES):
            yield "modem.kind", "modem_%s.py" % kind
    else:
        yield setting, "transport_%s.py" % name
