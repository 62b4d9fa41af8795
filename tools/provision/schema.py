"""The JSON schema of a meter's configuration, from the tables of the firmware's own check.

What JSON Schema cannot say (a text's length in bytes, an integer that is no 1.0) it takes more
lightly than the firmware; it refuses nothing that the firmware takes, but for what is never used.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tools.boards.board import ROOT

FILE = ROOT / "docs" / "config.schema.json"
_USUAL = "water"  # the profile where none is named
PAGE = ROOT / "docs" / "configuration.md"
URL = "http://json-schema.org/draft-07/schema#"  # which editors know best

_DECIMAL = {
    "anyOf": [
        {"type": "integer"},
        {
            "type": "string",
            "maxLength": 64,
            "pattern": r"^[+-]*[0-9]*\.?[0-9]*([eE][+-]?[0-9]+)?$",
        },
    ]
}
_BACKEND = {"type": ["string", "null"], "pattern": "^[^/.]+$"}
_PASSWORD = {"type": "string", "minLength": 8, "maxLength": 64, "pattern": "^[ -~]+$"}
_AT_COMMAND = {"type": "string", "maxLength": 100}
_URI = {"type": "string", "minLength": 8, "maxLength": 255, "pattern": "^coaps?://"}
_IDENTITY = {"type": "string", "minLength": 1, "maxLength": 128}
_KEY = {"type": "string", "pattern": "^([0-9a-fA-F]{2}){16,64}$"}
# Sections of the page whose tables name settings without their section
_ROOMS = ("servers", "bootstrap", "water", "device", "registration", "inactive")
_PINS = ("open_pin", "close_pin")
# Settings that the firmware's tables leave to code.
_SPECIAL = {
    "servers.uri": _URI,
    "servers.identity": _IDENTITY,
    "servers.key": _KEY,
    "bootstrap.uri": _URI,
    "bootstrap.identity": _IDENTITY,
    "bootstrap.key": _KEY,
    "device.power": {},
    "dtls.backend": _BACKEND,
    "modem.device": {"type": ["integer", "string"], "minimum": 0, "maximum": 16, "minLength": 1},
    "modem.kind": {"type": "string", "minLength": 1, "pattern": "^[^/.]+$"},
    "modem.apn": _AT_COMMAND,
    "modem.user": _AT_COMMAND,
    "modem.password": _AT_COMMAND,
    "wifi.password": _PASSWORD,
    "wifi.country": {"type": ["string", "null"], "pattern": "^[A-Z]{2}$"},
    "wifi.power_save": {"enum": ["none", "performance", "powersave"]},
    "inactive.date": {
        "type": ["string", "null"],
        "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    },
    "water.litres_per_pulse": _DECIMAL,
    "water.flow": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "array",
            "items": [
                {"type": "integer", "minimum": 1, "maximum": 86400},
                {"type": "integer", "minimum": 0, "maximum": 1000000},
            ],
            "minItems": 2,
            "maxItems": 2,
        },
    },
}
_REQUIRED = {
    "servers": ["uri"],
    "bootstrap": ["uri"],
    "wifi": ["ssid"],
    "modem": ["device", "kind"],
    "valve": [*_PINS],
}


def build(tables: Mapping, page: str) -> dict:
    """Return the schema of the tables of `checker.sections`; `page` is docs/configuration.md."""
    return _Builder(tables, descriptions(page)).whole()


class _Builder:
    """Makes the parts of the schema; `texts` are descriptions by the name of a setting."""

    def __init__(self, tables: Mapping, texts: Mapping[str, str]):
        self.tables = tables
        self.texts = texts

    def whole(self) -> dict:
        """Return all of it."""
        profiles = self.tables["profiles"]
        names = [*self.tables["names"], *self.tables["optional"]]
        fixed = {name: self._setting(name) for name in names}
        for name in set(fixed) & set(profiles):  # which of the two it is, `_only` says
            fixed[name] = {}
        sections = {n: self._profile(n, p) for n, p in profiles.items() if n not in fixed}
        return {
            "$schema": URL,
            "title": "The configuration of a micropython-lwm2m meter",
            "type": "object",
            "properties": dict(sorted({**fixed, **sections}.items())),
            "allOf": [self._only(name, names) for name in profiles],
        }

    def _only(self, name: str, names: list[str]) -> dict:
        """A profile's section is the only one that belongs to a profile."""
        chosen: dict = {"properties": {"profile": {"const": name}}}
        if name != _USUAL:
            chosen["required"] = ["profile"]
        body: dict = {"propertyNames": {"enum": sorted({*names, name})}}
        made = {"if": chosen, "then": body}
        if name in self.tables["optional"]:
            body["properties"] = {name: self._profile(name, self.tables["profiles"][name])}
            made["else"] = {"properties": {name: self._setting(name)}}
        return made

    def _setting(self, name: str) -> dict:
        made = self._kind_of(name)
        text = self.texts.get(name)
        if text and "description" not in made:
            made = {"description": text, **made}
        default = self.tables["default"].get(name)
        if default is not None and not isinstance(default, dict | list):
            made["default"] = default
        return made

    def _kind_of(self, name: str) -> dict:
        if name in self.tables["sections"]:
            return self._section(name, self.tables["sections"][name])
        if name == "bootstrap":
            return {"anyOf": [{"type": "null"}, self._reach(name, self.tables[name])]}
        if name in ("wifi", "modem", "inactive"):
            return {"anyOf": [{"type": "null"}, self._section(name, self.tables[name])]}
        if name in self.tables["optional"]:
            return self._object(name)
        return {
            "$schema": {"type": "string"},
            "endpoint": {"type": "string", "minLength": 1, "maxLength": 128},
            "version": {"enum": ["1.0", "1.1", "1.2"]},
            "servers": {"type": "array", "minItems": 1, "maxItems": 1, "items": self._server()},
            "log": self._log(),
            "sampling": {"type": "integer", "minimum": 1, "maximum": 86400},
            "production": {"type": "boolean"},
            "transport": _BACKEND,
            "profile": {
                "type": "string",
                "minLength": 1,
                "maxLength": 32,
                "pattern": "^[^/.]+$",
                "examples": sorted(self.tables["profiles"]),
                "default": _USUAL,
            },
        }[name]

    def _log(self) -> dict:
        level = {"type": "integer", "minimum": 0, "maximum": 4}
        named = {"anyOf": [level, {"enum": self.tables["levels"]}]}
        parts = ["level", *self.tables["log_parts"]]
        described = {part: self.texts.get("log." + part, "that of all others") for part in parts}
        properties = {part: {"description": described[part], **named} for part in parts}
        return {
            "anyOf": [
                level,
                {"type": "object", "properties": properties, "additionalProperties": False},
            ]
        }

    def _server(self) -> dict:
        return self._reach("servers", self.tables["server"])

    def _reach(self, name: str, section: str) -> dict:
        """A server's section: a key where it is of coaps."""
        server = self._section(name, section)
        keys = ["identity", "key"]
        suites = {"type": "array", "minItems": 1, "items": {"enum": self.tables["suites"]}}
        server["if"] = {"properties": {"uri": {"pattern": "^coaps:"}}}
        server["then"] = {"required": keys, "properties": {"suites": suites}}
        server["else"] = {"properties": {key: False for key in keys}}
        return server

    def _object(self, name: str) -> dict:
        """A section of an Object, or a list of them where it has Instances."""
        body = self._section(name, self.tables["objects"][name])
        if name in self.tables["lists"]:
            needed = self.tables["lists"][name]
            if needed:
                body["required"] = [needed]
            body = {"type": "array", "items": body}
        return {"anyOf": [{"type": "null"}, body]}

    def _profile(self, name: str, profile: Mapping) -> dict:
        made = self._section(name, profile["section"])
        for key, default in profile["defaults"].items():
            made["properties"][key]["default"] = default
        return made

    def _section(self, name: str, text: str) -> dict:
        properties = {}
        for line in text.split(";"):
            key, _, kind, low, high = line.split()
            place = "%s.%s" % (name, key)
            value = self._value(place, kind, int(low), int(high))
            shown = self.texts.get(place)
            properties[key] = {"description": shown, **value} if shown else value
        made = {"type": "object", "properties": properties, "additionalProperties": False}
        if name in _REQUIRED:
            made["required"] = _REQUIRED[name]
        return made

    def _value(self, place: str, kind: str, low: int, high: int) -> dict:
        if place == "device.power":
            return self._object("device.power")["anyOf"][1]
        if place == "water.valve":
            return self._section("valve", self.tables["valve"])
        if kind == "-":
            return dict(_SPECIAL.get(place, {}))
        if kind == "i":
            return {"type": "integer", "minimum": low, "maximum": high}
        if kind == "s":
            return {"type": "string", "minLength": 1, "maxLength": high}
        if kind == "f":
            return {"type": "boolean"}
        if kind == "d":
            return dict(_DECIMAL)
        item = "i" if kind == "I" else "s"
        return {"type": "array", "items": self._value(place, item, low, high)}


def descriptions(page: str) -> dict[str, str]:
    """Return what the page says of each setting, by section and name, without its marks."""
    found, section = {}, ""
    for line in page.splitlines():
        if line.startswith("## "):
            section = line[3:].split()[0]
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) < 2 or not cells[0].startswith("`"):
            continue
        for name in re.findall(r"`([\w.]+)`", cells[0]):
            inside = section in _ROOMS
            place = "%s.%s" % (section, name) if inside and "." not in name else name
            found.setdefault(place, _plain(cells[-1]))
    return {place: text for place, text in found.items() if text}


def _plain(text: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "")


def text(tables: Mapping) -> str:
    """Return the file's text."""
    return json.dumps(build(tables, PAGE.read_text()), indent=1, ensure_ascii=False) + "\n"


def write(tables: Mapping, path: Path = FILE) -> None:
    """Write the file."""
    path.write_text(text(tables))
