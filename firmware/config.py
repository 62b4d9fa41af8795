"""The meter's configuration: one JSON file, every value checked before anything starts.

A wrong value is a ConfigError whose text is one line: where it stands, what it is, what it must
be instead.
"""

import json

from lwm2m.client import split_uri
from lwm2m.formats.number import from_text

# Objects that a meter may do without, see optional.py
OPTIONAL = ("connectivity", "statistics", "portfolio", "app_data", "temperature", "battery")

# A server's settings and their Resources of Object 1: how it is told, the pace of retries
# (LwM2M Core 6.2.1.1)
SETTINGS = {
    "min_period": 2,
    "max_period": 3,
    "confirm": 26,
    "initial_delay": 14,
    "retry_count": 17,
    "retry_timer": 18,
    "sequence_delay": 19,
    "sequence_count": 20,
}
FLAGS = {"store": 6, "mute_send": 23}

_KEYS = {
    "": ("endpoint", "version", "servers", "device", "water", "coap", "dtls", "log", "sampling")
    + ("dtls", "transport", "modem")
    + OPTIONAL,
    "servers": ("uri", "short_server_id", "lifetime", "identity", "key", "suites")
    + tuple(SETTINGS)
    + tuple(FLAGS),
    "device": (
        "manufacturer",
        "model",
        "serial",
        "firmware",
        "type",
        "hardware",
        "software",
        "utc_offset",
        "timezone",
        "power",
    ),
    "water": ("litres_a_pulse", "kind", "flow"),
    "dtls": ("backend", "first_timeout", "max_retransmit", "mtu"),
    "coap": ("ack_timeout", "ack_random", "max_retransmit", "nstart", "szx", "body_limit"),
}

_LONGEST = {"utc_offset": 16, "timezone": 64}  # in bytes

_RANGES = {
    "dtls.first_timeout": (100, 60000),
    "dtls.max_retransmit": (0, 10),
    "dtls.mtu": (256, 1280),
    "coap.ack_timeout": (100, 60000),
    "coap.ack_random": (1000, 3000),
    "coap.max_retransmit": (0, 10),
    "coap.nstart": (1, 8),
    "coap.szx": (0, 6),
    "coap.body_limit": (64, 65536),
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
        "utc_offset": "+00:00",
        "timezone": "Etc/UTC",
    },
    "water": {
        "litres_a_pulse": "0.1",
        "kind": "simulated",
        "flow": [[20, 720], [10, 0], [30, 1800]],
    },
    "coap": {},
    "dtls": {},
    "log": 3,
    "sampling": 1,
}


class ConfigError(ValueError):
    """A wrong value; the text says where, what, and what it must be."""


def wrong(place: str, value, remedy: str) -> None:
    """Raise the ConfigError of a value at `place` that must be `remedy`."""
    raise ConfigError("%s: %s: must be %s" % (place, json.dumps(value), remedy))


def integer(place: str, value, low: int, high: int) -> int:
    """The value, an integer within limits; or ConfigError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        wrong(place, value, "an integer from %d to %d" % (low, high))
    return value


def string(place: str, value, longest: int) -> str:
    """The value, a text that is neither empty nor longer in bytes; or ConfigError."""
    if not isinstance(value, str) or not 0 < len(value.encode()) <= longest:
        wrong(place, value, "a text of 1 to %d bytes" % longest)
    return value


def boolean(place: str, value) -> bool:
    """The value, true or false; or ConfigError."""
    if not isinstance(value, bool):
        wrong(place, value, "true or false")
    return value


def mapping(place: str, value, known) -> None:
    """Is the value an object whose keys are all `known`? ConfigError else."""
    if not isinstance(value, dict):
        if value and isinstance(value, (list, str)):
            value = "..."  # keys may be in it
        wrong(place or "the file", value, "an object in braces")
    for key in value:
        if key not in known:
            where = place + "." + key if place else key
            raise ConfigError("%s: no such setting; there are %s" % (where, ", ".join(known)))


def _server(place, value):
    mapping(place, value, _KEYS["servers"])
    merged = {"short_server_id": 1, "lifetime": 86400}
    merged.update(value)
    uri = string(place + ".uri", merged.get("uri"), 255)
    try:
        scheme = split_uri(uri)[0]
    except ValueError:
        scheme = ""
    if scheme not in ("coap", "coaps"):
        wrong(
            place + ".uri", uri, "like coap://host:port, coaps://host or coap://[2001:db8::1]:port"
        )
    if scheme == "coaps":
        import optional

        optional.check_psk(place, merged)
    integer(place + ".short_server_id", merged["short_server_id"], 1, 65534)
    integer(place + ".lifetime", merged["lifetime"], 1, 0x7FFFFFFF)
    for key in SETTINGS:
        if key in merged:
            most = 1 if key == "confirm" else 0x7FFFFFFF if SETTINGS[key] < 4 else 0xFFFFFFFF
            integer(place + "." + key, merged[key], 0, most)
    for key in FLAGS:
        if key in merged:
            boolean(place + "." + key, merged[key])
    return merged


def _servers(value):
    if not isinstance(value, list) or not value:
        # its text is not shown, for keys may be in it
        raise ConfigError("servers: must be a list of at least one server")
    servers = [_server("servers[%d]" % i, one) for i, one in enumerate(value)]
    ids = [one["short_server_id"] for one in servers]
    if len(set(ids)) < len(ids):
        wrong("servers", ids, "of different short_server_id")
    return servers


def decimal(value) -> tuple:
    """An integer, or a text of a decimal, as (mantissa, exponent of ten); or ValueError."""
    if isinstance(value, str):
        return from_text(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(value)
    return value, 0


def _water(value):
    place = "water.litres_a_pulse"
    given = value["litres_a_pulse"]
    try:
        litres = decimal(given)
    except ValueError:
        litres = (0, 0)
    if litres[0] <= 0 or not -6 <= litres[1] <= 3:
        wrong(place, given, 'above 0, as a text like "0.1" (floats are not exact on boards)')
    value["litres_a_pulse"] = litres
    string("water.kind", value["kind"], 64)
    flow = value["flow"]
    if not isinstance(flow, list) or not flow:
        wrong("water.flow", flow, "a list of [seconds, litres an hour]")
    for i, step in enumerate(flow):
        place = "water.flow[%d]" % i
        if not isinstance(step, list) or len(step) != 2:
            wrong(place, step, "[seconds, litres an hour]")
        integer(place + "[0]", step[0], 1, 86400)
        integer(place + "[1]", step[1], 0, 1000000)


def _optional(place, value):
    import optional

    return optional.check(place, value)


def check(given: dict) -> dict:
    """A whole configuration out of what was given, the rest by default. May raise ConfigError."""
    mapping("", given, _KEYS[""])
    whole = {}
    for key, default in DEFAULT.items():
        value = given.get(key, default)
        if isinstance(default, dict):
            mapping(key, value, _KEYS[key])
            merged = dict(default)
            merged.update(value)
            value = merged
        whole[key] = value
    string("endpoint", whole["endpoint"], 128)
    if whole["version"] not in ("1.0", "1.1", "1.2"):
        wrong("version", whole["version"], '"1.0", "1.1" or "1.2"')
    whole["servers"] = _servers(whole["servers"])
    device = whole["device"]
    for key in device:
        if key == "power":
            device[key] = _optional("device.power", device[key])
        else:
            string("device." + key, device[key], _LONGEST.get(key, 255))
    _water(whole["water"])
    whole["modem"] = given.get("modem")
    whole["transport"] = given.get("transport", None if whole["modem"] is None else "modem")
    backend = whole["dtls"].pop("backend", "own")
    whole["backend"] = None if backend == "own" else backend
    for section in ("coap", "dtls"):
        for key, value in whole[section].items():
            low, high = _RANGES[section + "." + key]
            integer(section + "." + key, value, low, high)
    integer("log", whole["log"], 0, 4)
    integer("sampling", whole["sampling"], 1, 86400)
    if whole["transport"] is not None or whole["backend"] is not None:
        try:
            import transports
        except ImportError:
            raise ConfigError("transport: transports.py must be in the image, and its backend")
        transports.check(whole)
    for key in OPTIONAL:
        value = given.get(key)
        whole[key] = None if value is None else _optional(key, value)
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
