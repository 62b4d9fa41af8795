"""Who may import what: the table of docs/architecture.md, checked against the sources.

A module belongs to the longest row that its name begins with. It may import its own row, and what
the row names. MicroPython's own modules are nobody's layer.
"""

# Interfaces that a layer offers to those who implement or await them.
_TRANSPORT = ("coap.udp", "coap.wakeup", "coap.endpoint")

LAYERS = {
    "coap": (),
    "nvstore": (),
    "drivers": (),
    "bearer": (),
    "chip": (),
    "dtls": ("nvstore", *_TRANSPORT),
    "dtls_native": _TRANSPORT,
    "modem": _TRANSPORT,
    "lwm2m.formats": ("lwm2m.errors",),
    "lwm2m": ("coap", "lwm2m.formats", "nvstore"),
    "metering": ("lwm2m", "nvstore"),
    "firmware": (
        *("coap", "dtls", "dtls_native", "drivers", "lwm2m", "metering", "modem", "nvstore"),
        *("board",),
    ),
    "boards": (
        *("bearer", "chip", "coap", "dtls", "dtls_native", "drivers", "firmware", "lwm2m"),
        *("metering", "modem", "nvstore"),
    ),
    "tools": (),
}


def row(module: str) -> str:
    """Return the row of a module, "" where none has it."""
    rows = [name for name in LAYERS if within(module, name)]
    return max(rows, key=len, default="")


def within(module: str, name: str) -> bool:
    """Return whether a module is `name` or below it."""
    return module == name or module.startswith(name + ".")


def allowed(importer: str, imported: str) -> bool:
    """Return whether the table lets one module import the other."""
    own, other = row(importer), row(imported)
    return own == other or any(within(imported, name) for name in LAYERS.get(own, ()))
