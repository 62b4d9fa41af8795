"""The section "servers": one server yet, its schedule of retries, its credentials."""

from lwm2m.uri import split_uri

from .checks import ConfigError, checked, string, wrong
from .schema import SERVER


def check(value) -> list:
    """The servers, each with its defaults; or ConfigError."""
    if not isinstance(value, list) or len(value) != 1:
        # Each of several could change all: there is no Object 2. Not shown, for keys may be in it.
        raise ConfigError("servers: must be a list of one server, for there is no access control")
    server = {"short_server_id": 1, "lifetime": 86400}
    server.update(checked("servers[0]", value[0], SERVER))
    check_reach("servers[0].", server)
    return [server]


def check_reach(place: str, server: dict) -> None:
    """The URI and the credentials that belong to it; or ConfigError. `place` ends with a point."""
    uri = string(place + "uri", server.get("uri"), 255)
    try:
        scheme = split_uri(uri)[0]
    except ValueError:
        scheme = ""
    if scheme == "coaps":
        from . import psk

        psk.check(place, server)
    elif scheme != "coap":
        remedy = "like coap://host:port, coaps://host or coap://[2001:db8::1]:port"
        wrong(place + "uri", uri, remedy)
    elif "key" in server or "identity" in server:
        wrong(place + "uri", uri, "coaps://, for there is a key or an identity")
