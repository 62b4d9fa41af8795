"""The meter's configuration: one JSON file, every value checked before anything starts.

A wrong value is a ConfigError whose text is one line: where it stands, what it is, what it must
be instead.
"""

import json

from lwm2m.client import split_uri
from lwm2m.formats.number import from_text

_KEYS = {
    "": ("endpoint", "version", "servers", "device", "water", "coap", "log"),
    "servers": ("uri", "short_server_id", "lifetime"),
    "device": ("manufacturer", "model", "serial", "firmware", "type", "hardware"),
    "water": ("litres_a_pulse", "kind", "flow"),
    "coap": ("ack_timeout", "ack_random", "max_retransmit", "nstart", "szx", "body_limit"),
}

_COAP_RANGES = {
    "ack_timeout": (100, 60000),
    "ack_random": (1000, 3000),
    "max_retransmit": (0, 10),
    "nstart": (1, 8),
    "szx": (0, 6),
    "body_limit": (64, 65536),
}

DEFAULT = {
    "endpoint": "urn:dev:ops:000000-water-0001",
    "version": "1.1",
    "servers": [{"uri": "coap://127.0.0.1:5683", "short_server_id": 1, "lifetime": 300}],
    "device": {
        "manufacturer": "micropython-lwm2m",
        "model": "Water meter",
        "serial": "0001",
        "firmware": "0.1.0",
    },
    "water": {
        "litres_a_pulse": "0.1",
        "kind": "simulated",
        "flow": [[20, 720], [10, 0], [30, 1800]],
    },
    "coap": {},
    "log": 3,
}


class ConfigError(ValueError):
    """A wrong value; the text says where, what, and what it must be."""


def _wrong(place, value, remedy):
    raise ConfigError("%s: %s: must be %s" % (place, json.dumps(value), remedy))


def _integer(place, value, low, high):
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        _wrong(place, value, "an integer from %d to %d" % (low, high))
    return value


def _string(place, value, longest):
    if not isinstance(value, str) or not 0 < len(value.encode()) <= longest:
        _wrong(place, value, "a text of 1 to %d bytes" % longest)
    return value


def _mapping(place, value, section):
    if not isinstance(value, dict):
        _wrong(place or "the file", value, "an object in braces")
    known = _KEYS[section]
    for key in value:
        if key not in known:
            where = place + "." + key if place else key
            raise ConfigError("%s: no such setting; there are %s" % (where, ", ".join(known)))


def _server(place, value):
    _mapping(place, value, "servers")
    merged = {"short_server_id": 1, "lifetime": 86400}
    merged.update(value)
    uri = _string(place + ".uri", merged.get("uri"), 255)
    try:
        scheme = split_uri(uri)[0]
    except ValueError:
        scheme = ""
    if scheme != "coap":
        _wrong(place + ".uri", uri, "like coap://host:port or coap://[2001:db8::1]:port")
    _integer(place + ".short_server_id", merged["short_server_id"], 1, 65534)
    _integer(place + ".lifetime", merged["lifetime"], 1, 0x7FFFFFFF)
    return merged


def _servers(value):
    if not isinstance(value, list) or not value:
        _wrong("servers", value, "a list of at least one server")
    servers = [_server("servers[%d]" % i, one) for i, one in enumerate(value)]
    ids = [one["short_server_id"] for one in servers]
    if len(set(ids)) < len(ids):
        _wrong("servers", ids, "of different short_server_id")
    return servers


def _water(value):
    place = "water.litres_a_pulse"
    given = value["litres_a_pulse"]
    try:
        decimal = from_text(str(given)) if isinstance(given, str) else (given, 0)
        good = not isinstance(given, (float, bool)) and decimal[0] > 0 and -6 <= decimal[1] <= 3
    except (ValueError, TypeError):
        good = False
    if not good:
        _wrong(place, given, 'above 0, as a text like "0.1" (floats are not exact on boards)')
    value["litres_a_pulse"] = decimal
    _string("water.kind", value["kind"], 64)
    flow = value["flow"]
    if not isinstance(flow, list) or not flow:
        _wrong("water.flow", flow, "a list of [seconds, litres an hour]")
    for i, step in enumerate(flow):
        place = "water.flow[%d]" % i
        if not isinstance(step, list) or len(step) != 2:
            _wrong(place, step, "[seconds, litres an hour]")
        _integer(place + "[0]", step[0], 1, 86400)
        _integer(place + "[1]", step[1], 0, 1000000)


def check(given: dict) -> dict:
    """A whole configuration out of what was given, the rest by default. May raise ConfigError."""
    _mapping("", given, "")
    whole = {}
    for key, default in DEFAULT.items():
        value = given.get(key, default)
        if isinstance(default, dict):
            _mapping(key, value, key)
            merged = dict(default)
            merged.update(value)
            value = merged
        whole[key] = value
    _string("endpoint", whole["endpoint"], 128)
    if whole["version"] not in ("1.0", "1.1", "1.2"):
        _wrong("version", whole["version"], '"1.0", "1.1" or "1.2"')
    whole["servers"] = _servers(whole["servers"])
    for key, value in whole["device"].items():
        _string("device." + key, value, 255)
    _water(whole["water"])
    for key, value in whole["coap"].items():
        low, high = _COAP_RANGES[key]
        _integer("coap." + key, value, low, high)
    _integer("log", whole["log"], 0, 4)
    return whole


def load(path: str) -> dict:
    """Read and check a JSON file. May raise ConfigError."""
    try:
        with open(path) as file:
            given = json.load(file)
    except OSError as error:
        raise ConfigError("%s: cannot be read (errno %d): give a JSON file" % (path, error.errno))
    except (ValueError, UnicodeError):
        raise ConfigError("%s: no valid JSON: mend its syntax" % path)
    try:
        return check(given)
    except ConfigError as error:
        raise ConfigError("%s: %s" % (path, error))
