"""Objects 0 and 1 out of a configuration: its servers, by the names that account.py has."""

from micropython import const

from .account import SECURITY, SETTINGS
from .objects.security import Security
from .objects.server import Server

_PSK = const(0)
_NOSEC = const(3)


def _security(settings, bootstrap):
    secure = settings["uri"].startswith("coaps:")
    resources: dict = {1: bootstrap, 2: _PSK if secure else _NOSEC}
    if secure:
        resources[4] = b""
    for name, rid in SECURITY.items():
        if name in settings:
            resources[rid] = settings[name]
    if secure:
        resources[16] = dict(enumerate(settings["suites"]))
    return resources


def objects(servers: list, bootstrap: dict | None = None) -> tuple:
    """Objects 0 and 1 for configured servers, a dict for each, and for a bootstrap server.

    Its Instance is behind those that bootstrap servers are used to write.
    """
    security = {}
    server = {}
    if bootstrap:
        security[max(len(servers), 1)] = _security(bootstrap, True)
    for iid, settings in enumerate(servers):
        security[iid] = _security(settings, False)
        server[iid] = {0: settings["short_server_id"], 2: 0, 3: 0, 5: 86400, 6: False, 7: "U"}
        server[iid][SETTINGS["mute_send"]] = False
        for name, rid in SETTINGS.items():
            if name in settings:
                server[iid][rid] = settings[name]
    return Security(security), Server(server)
