"""The section "modem". Imported only where a modem's sockets are used."""

from modem.dialer import table
from modem.engine import plain

from .checks import checked, integer, string, wrong

_TEXTS = ("apn", "user", "password")
_SECTION = (
    "device - - 0 0;kind - - 0 0;push - f 0 0;apn - - 0 0;user - - 0 0;password - - 0 0;"
    "baud - i 1200 3000000;tx - i 0 255;rx - i 0 255;attach - i 5 3600;look - i 0 86400"
)


def check(config: dict) -> None:
    """Is the section right, and can the modem do what it is wanted for? ConfigError else."""
    settings = config["modem"]
    if settings is None:
        wrong("modem", None, 'an object like {"device": 0, "kind": "bg95", "apn": "iot"}')
    checked("modem", settings, _SECTION)
    device = settings.get("device")
    if isinstance(device, str):
        string("modem.device", device, 255)
    else:
        integer("modem.device", device, 0, 16)
    kind = settings.get("kind")
    if not isinstance(kind, str) or not kind or "/" in kind or "." in kind or not table(kind):
        wrong("modem.kind", kind, "the name of a table: bg95, or X where there is modem_X.py")
    for key in _TEXTS:
        text = settings.get(key, "")
        if not isinstance(text, str) or len(text) > 100 or not plain(text):
            # it may be a password
            wrong("modem." + key, None, "a text of at most 100 letters, without quotes")
    if config["backend"] == "modem" and not table(kind).secure:
        wrong("dtls.backend", "modem", 'own or native: "%s" has no DTLS with a shared key' % kind)
