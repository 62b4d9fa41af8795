"""What the firmware's own DTLS cannot do. Imported only where it is to be used."""

import tls

from dtls_native.dialer import suites

from .checks import ConfigError, wrong

_KEY_LIMIT = 48  # bytes


def check(config: dict) -> None:
    """Can this firmware do what is configured? ConfigError else."""
    if not hasattr(tls, "PROTOCOL_DTLS_CLIENT") or not hasattr(
        tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT), "psk_key"
    ):
        remedy = "own: this firmware's tls has no pre-shared keys (MicroPython 1.29 has)"
        wrong("dtls.backend", "native", remedy)
    for key in ("first_timeout", "mtu", "max_age"):
        if key in config["dtls"]:
            raise ConfigError("dtls.%s: cannot be set for the backend native" % key)
    offered = tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT).get_ciphers()
    for i, server in enumerate(config["servers"]):
        place = "servers[%d]." % i
        if len(server.get("key", b"")) > _KEY_LIMIT:
            raise ConfigError(place + "key: must be of at most 96 digits for the backend native")
        if "suites" in server:
            try:
                suites(server["suites"], offered)
            except ValueError:
                wrong(place + "suites", server["suites"], "suites that this firmware's tls has")
