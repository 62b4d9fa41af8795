"""The section "wifi". Imported only where there is one, and on boards that need one."""

from .checks import ConfigError, checked, string, wrong

_WIFI = "ssid - s 1 32;password - - 0 0;country - - 0 0;power_save - - 0 0"
_LEVELS = ("none", "performance", "powersave")


def check(value) -> dict:
    """The section, or ConfigError; a password is not shown."""
    settings = checked("wifi", value, _WIFI)
    if "ssid" not in settings:
        raise ConfigError("wifi.ssid: must be given: the name of the network")
    if "password" in settings:
        _password(settings["password"])
    country = settings.get("country")
    if country is not None:
        string("wifi.country", country, 2)
        if len(country) != 2 or not ("AA" <= country <= "ZZ" and country.isalpha()):
            wrong("wifi.country", country, 'two capital letters of ISO 3166 like "DE"')
    level = settings.get("power_save", "none")
    if level not in _LEVELS:
        wrong("wifi.power_save", level, "one of %s" % ", ".join(_LEVELS))
    return settings


def _password(text):
    # WPA2 and WPA3: 8 to 63 characters of ASCII, or the key itself as 64 digits
    right = isinstance(text, str) and 8 <= len(text) <= 64
    if right:
        for letter in text:
            if (
                not " " <= letter <= "~"
                or len(text) == 64
                and letter not in "0123456789abcdefABCDEF"
            ):
                right = False
    if not right:
        raise ConfigError(
            "wifi.password: must be 8 to 63 characters of ASCII, or 64 hexadecimal digits; "
            "leave it out for an open network"
        )


def needed(settings: dict) -> dict:
    """The checked section of a whole configuration, on a board without another network."""
    section = settings["wifi"]
    if section is None:
        wrong("wifi", None, 'an object like {"ssid": "works", "password": "8 to 63 letters"}')
    return section
