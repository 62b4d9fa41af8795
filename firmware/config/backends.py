"""Which backend dials, by URI scheme. Imported where it is not the usual one.

A backend named X is the file transport_X.py, see docs/transports.md.
"""

from .checks import wrong


def vendor(name: str):
    """The module of a vendor's backend. May raise ImportError."""
    return __import__("transport_" + name, None, None, ("factory",))


def check(config: dict) -> None:
    """Are the backends there, and is the configuration right for them? ConfigError else."""
    for place, key in (("transport", "transport"), ("dtls.backend", "backend")):
        name = config[key]
        if name is None:
            continue
        module = None
        try:
            if name == "modem":
                from . import modem as module
            elif name == "native":
                from . import native as module
            elif isinstance(name, str) and name and "/" not in name and "." not in name:
                module = vendor(name)
        except ImportError:
            pass
        if module is None:
            wrong(place, name, "the name of a backend: X where there is transport_X.py")
        if hasattr(module, "check"):
            module.check(config)
