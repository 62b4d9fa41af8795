"""Which backend dials, by URI scheme and configuration: imported where it is not the usual one.

A backend named X is the file transport_X.py, see boards/TRANSPORTS.md.
"""

from config import wrong


def _backend(place, name):
    module = None
    if isinstance(name, str) and name and "/" not in name and "." not in name:
        try:
            module = __import__("transport_" + name)
        except ImportError:
            pass
    if module is None:
        wrong(place, name, "the name of a backend: X where there is transport_X.py")
    return module


def check(config: dict) -> None:
    """Are the backends there, and is the configuration right for them? ConfigError else."""
    if "modem" in (config["transport"], config["backend"]) and config["modem"] is None:
        wrong("modem", None, 'an object like {"device": 0, "kind": "bg95", "apn": "iot"}')
    for place, key in (("transport", "transport"), ("dtls.backend", "backend")):
        name = config[key]
        if name is not None:
            module = _backend(place, name)
            if hasattr(module, "check"):
                module.check(config)


def add(client, config: dict, board, log) -> None:
    """Have the client dial by the backends. May raise ConfigError.

    `board` is what the board knows of the modem: a function that opens its stream, or None.
    """
    for scheme, key in (("coap", "transport"), ("coaps", "backend")):
        if config[key] is not None:
            module = __import__("transport_" + config[key])
            client.transports[scheme] = module.factory(scheme, client, config, board, log)
