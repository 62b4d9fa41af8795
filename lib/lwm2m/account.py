"""Server accounts: what Objects 0 and 1 say of a server. Nothing else knows their Resources."""

from micropython import const

# Resources of Object 0 by their names in the configuration (LwM2M Core annex E.1)
SECURITY = {
    "uri": 0,
    "identity": 3,
    "key": 5,
    "short_server_id": 10,
    "hold_off": 11,
    "account_timeout": 12,
    "suites": 16,
}
# Resources of Object 1 (annex E.2)
SETTINGS = {
    "lifetime": 1,
    "min_period": 2,
    "max_period": 3,
    "disable_timeout": 5,
    "store": 6,
    "binding": 7,
    "initial_delay": 14,
    "retry_count": 17,
    "retry_timer": 18,
    "sequence_delay": 19,
    "sequence_count": 20,
    "mute_send": 23,
    "confirm": 26,
}
_SSID = const(0)
_TLS_ALERT = const(11)
# What holds where a Resource is missing; else 0
_DEFAULTS = {1: 86400, 5: 86400, 7: "U", 17: 5, 18: 60, 19: 86400, 20: 1, 23: True, 26: 1}


class Account:
    """One server: its attributes are the names above, such as `uri`, `key` or `lifetime`.

    They are read from the Objects each time. A deleted account keeps its last values.
    """

    session = None  # of DTLS, with this account's key: what its dialer keeps
    witness = b""  # of a session that outlived a sleep, see `Link.export`
    slept = 0  # ms, that sleep
    address = None  # the one of the server's that was dialled last, see coap's Udp
    elsewhere = False  # the next transport is to go to another address, with a new session

    def __init__(self, model, iid: int):
        """`iid` is the server's Instance of Object 1; or KeyError: Object 0 has none for it."""
        self.model = model
        self.iid = iid
        self.server = model.object(1).instances[iid]
        for security in model.object(0).instances.values():
            if not security.get(1) and security.get(10) == self.server[_SSID]:
                self.security = security
                return
        raise KeyError(iid)

    def __getattr__(self, name: str):
        """The value of a setting, its default where the server has none."""
        rid = SETTINGS.get(name)
        if rid is None:
            return self.security.get(SECURITY[name])
        value = self.server.get(rid)
        return _DEFAULTS.get(rid, 0) if value is None else value

    def exists(self) -> bool:
        """Is it still in the model?"""
        return self.model.object(1).instances.get(self.iid) is self.server

    def executed(self) -> int | None:
        """What a server executed since the last call, or None.

        4 Disable, 8 Update Trigger, 9 Bootstrap-Request Trigger.
        """
        return self.model.object(1).triggers.pop(self.iid, None)

    def alert(self, code: int) -> None:
        """Keep the number of the latest alert of (D)TLS."""
        if self.exists():
            self.model.object(1).set(self.iid, _TLS_ALERT, code)


def accounts(model) -> list:
    """The accounts of all LwM2M servers in Objects 0 and 1."""
    result = []
    for iid in sorted(model.object(1).instances):
        try:
            result.append(Account(model, iid))
        except KeyError:
            continue
    return result
