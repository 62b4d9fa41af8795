"""The meter's configuration: one JSON file, every value checked before anything starts."""

import json

from .checks import LACKING, ConfigError, boolean, checked, integer, mapping, string, wrong
from .schema import DEFAULT, NAMES, OPTIONAL, SECTIONS
from .servers import check as check_servers


def load_profile(name: str):
    """The module of a profile. May raise ImportError."""
    return __import__("firmware.profiles." + name, None, None, ("build",))


def _profile(settings, whole):
    # A profile knows its own section, which has its name
    name = string("profile", settings.get("profile", "water"), 32)
    if "/" in name or "." in name or name in NAMES:
        wrong("profile", name, "a name X of which there is firmware/profiles/X.py")
    try:
        profile = load_profile(name)
    except ImportError as error:
        raise ConfigError('profile: "%s": %s: %s' % (name, error, LACKING))
    mapping("", settings, NAMES + OPTIONAL + (name,))
    section = dict(profile.defaults)
    section.update(checked(name, settings.get(name, {}), profile.section))
    if hasattr(profile, "check"):
        profile.check(section)
    whole["profile"] = name
    whole[name] = section


def _optional(place, value):
    from .objects import check as check_object

    return check_object(place, value)


def check(settings: dict) -> dict:
    """A whole configuration out of `settings`, the rest by default.

    May raise ConfigError, and ImportError where it needs a module that is not installed.
    """
    whole = {}
    mapping("", settings, settings)
    _profile(settings, whole)
    for key, default in DEFAULT.items():
        value = settings.get(key, default)
        if key in SECTIONS:
            section = dict(default)
            section.update(checked(key, value, SECTIONS[key]))
            value = section
        whole[key] = value
    string("endpoint", whole["endpoint"], 128)
    if whole["version"] not in ("1.0", "1.1", "1.2"):
        wrong("version", whole["version"], '"1.0", "1.1" or "1.2"')
    bootstrap = settings.get("bootstrap")
    if bootstrap is not None:
        from .bootstrap import check as check_bootstrap

        bootstrap = check_bootstrap(bootstrap)
    whole["bootstrap"] = bootstrap
    if bootstrap and "servers" not in settings:
        whole["servers"] = []  # its bootstrap server has them
    else:
        whole["servers"] = check_servers(whole["servers"])
    device = whole["device"]
    if "power" in device:
        device["power"] = _optional("device.power", device["power"])
    whole["modem"] = settings.get("modem")
    whole["transport"] = settings.get("transport", None if whole["modem"] is None else "modem")
    backend = whole["dtls"].pop("backend", "own")
    whole["backend"] = None if backend == "own" else backend
    if isinstance(whole["log"], dict):
        from .log import check as check_log

        whole["log"] = check_log(whole["log"])
    else:
        integer("log", whole["log"], 0, 4)
    integer("sampling", whole["sampling"], 1, 86400)
    boolean("production", whole["production"])
    if whole["transport"] is not None or whole["backend"] is not None:
        from .backends import check as check_backends

        check_backends(whole)
    whole["wifi"] = wifi = settings.get("wifi")
    if wifi is not None:
        from .wifi import check as check_wifi

        whole["wifi"] = check_wifi(wifi)
    if settings.get("inactive") is not None:
        from .inactive import check as check_inactive

        check_inactive(settings["inactive"])
    for key in OPTIONAL:
        value = settings.get(key)
        if key != whole["profile"]:
            whole[key] = None if value is None else _optional(key, value)
    return whole


def load(path: str) -> dict:
    """Read and check a JSON file. May raise ConfigError."""
    try:
        with open(path) as file:
            settings = json.load(file)
    except OSError as error:
        raise ConfigError("%s: cannot be read (errno %s): give a JSON file" % (path, error.errno))
    except (ValueError, UnicodeError):
        raise ConfigError("%s: no valid JSON: mend its syntax" % path)
    try:
        return check(settings)
    except ConfigError as error:
        raise ConfigError("%s: %s" % (path, error))
    except ImportError as error:
        raise ConfigError("%s: %s: %s" % (path, error, LACKING))
