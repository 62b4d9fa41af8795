"""devices.csv: a device a row, read and looked at as a whole before anything is made of it.

Columns: `endpoint`, and as wanted `identity` (else the endpoint), `key` (else a random one),
`server`, `device` (the unique ID of the board that it must be), `serial`; and any setting by its
dotted name, such as `water.litres_per_pulse`.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from .device import Device, findings
from .failure import ProvisionError

OWN = ("endpoint", "identity", "key", "server", "device")
SHORT = {"serial": "device.serial"}
_UNIQUE = {
    "endpoint": "each device needs a name of its own",
    "identity": "each device needs its own, or the server takes one for the other",
    "key": "leave it out, and each gets a random one",
    "chip": "a board can be one device only",
}


def read(path: Path, schema: Mapping, server: str = "", nosec: bool = False) -> list[Device]:
    """Return the devices of a file; raise ProvisionError of all that is wrong, a line each."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise ProvisionError("%s: cannot be read: %s" % (path, error)) from error
    rows = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    columns = rows.fieldnames or []
    _check_columns(path, columns, schema)
    devices, found = [], []
    for row in rows:
        place = "%s, line %d: " % (path, rows.line_num)
        if not any(row.values()):
            continue
        if None in row or None in row.values():
            found.append(place + "has not as many columns as the first line")
            continue
        try:
            device = _device(row, place, schema, server)
        except ProvisionError as error:
            found.append(str(error))
            continue
        devices.append(device)
        found += findings(device, nosec)
    found += twice(devices)
    if not devices and not found:
        found.append("%s: no device in it" % path)
    if found:
        raise Findings(found)
    return devices


class Findings(ProvisionError):
    """Several things that are wrong, a line each."""

    def __init__(self, lines: Iterable[str]):
        self.lines = [" ".join(line.split()) for line in lines]
        super().__init__("; ".join(self.lines))

    def __str__(self) -> str:
        return "\n".join(self.lines)


def _check_columns(path: Path, columns: Iterable[str], schema: Mapping) -> None:
    columns = list(columns)
    if "endpoint" not in columns:
        raise ProvisionError("%s, line 1: no column endpoint: the first line names them" % path)
    for name in columns:
        if columns.count(name) > 1:
            raise ProvisionError("%s, line 1: column %s comes twice" % (path, name))
        if name not in OWN and kind_of(SHORT.get(name, name), schema) is None:
            raise ProvisionError(
                "%s, line 1: no column %r: there are %s, and settings such as device.serial"
                % (path, name, ", ".join((*OWN, *SHORT)))
            )


def _device(row: Mapping, place: str, schema: Mapping, server: str) -> Device:
    cells = {name: value.strip() for name, value in row.items()}
    settings = {}
    for column, value in cells.items():
        name = SHORT.get(column, column)
        if column not in OWN and value:
            settings[name] = _typed(name, value, kind_of(name, schema) or {}, place)
    return Device(
        *(cells["endpoint"], cells.get("server") or server),
        *(cells.get("identity") or cells["endpoint"], cells.get("key", "").lower(), place),
        *(cells.get("device", "").lower(), settings),
    )


def kind_of(name: str, schema: Mapping) -> Mapping | None:
    """Return the schema of a setting by its dotted name; None where there is none."""
    for part in name.split("."):
        branches = (schema, *schema.get("anyOf", ()))
        found = [one["properties"][part] for one in branches if part in one.get("properties", {})]
        if not found:
            return None
        schema = found[0]
    return schema if name not in ("endpoint", "servers", "$schema") else None


def _typed(name: str, text: str, kind: Mapping, place: str) -> object:
    """Return a cell as the type that a setting has."""
    kinds = {one.get("type") for one in (kind, *kind.get("anyOf", ()))}
    if "string" in kinds or kind.get("type") == ["string", "null"]:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise ProvisionError("%s%s %r: must be JSON: %s" % (place, name, text, error)) from error


def twice(devices: Iterable[Device]) -> list[str]:
    """Return a line for each name, identity, key or board that two devices have."""
    found = []
    seen: dict = {}
    for device in devices:
        for name, remedy in _UNIQUE.items():
            value = getattr(device, name)
            if not value or name == "identity" and not device.secure:
                continue
            first = seen.setdefault((name, value), device)
            if first is not device:
                shown = "(not shown)" if name == "key" else repr(value)
                where = first.place.rstrip(": ").rpartition(", ")[2]
                found.append(
                    "%s%s %s is also that of %s: %s"
                    % (device.place, "device" if name == "chip" else name, shown, where, remedy)
                )
    return found
