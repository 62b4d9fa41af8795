"""The credentials of a coaps server. Imported only where there is one."""

from binascii import unhexlify

from .checks import ConfigError, string, wrong

_PSK_SUITES = (0xC0A8, 0xC0A4, 0xAE)  # of PSK: AES-128 in CCM_8, CCM, CBC with SHA-256


def check(place: str, server: dict) -> None:
    """The identity and the key (hex) of a server, as bytes from now on; or ConfigError.

    `place` ends with a point. A wrong key is not shown.
    """
    server["identity"] = string(place + "identity", server.get("identity"), 128).encode()
    try:
        key = unhexlify(server.get("key", ""))
    except (ValueError, TypeError):
        key = b""
    if not 16 <= len(key) <= 64:
        raise ConfigError(place + "key: must be 32 to 128 hexadecimal digits, secret and random")
    server["key"] = key
    place += "suites"
    suites = server.setdefault("suites", [0xC0A8])
    if not isinstance(suites, list) or not suites:
        wrong(place, suites, "a list of numbers of the IANA's TLS cipher suites")
    for i, suite in enumerate(suites):
        if suite not in _PSK_SUITES:
            wrong("%s[%d]" % (place, i), suite, "one of %s" % ", ".join(map(str, _PSK_SUITES)))
