"""Object 4, Connectivity Monitoring 1.3: the network a board is on, as the board knows it."""

from micropython import const

from ..model import Object

_BEARER = const(0)
_AVAILABLE = const(1)
_SIGNAL = const(2)
_ADDRESSES = const(4)


class ConnectivityMonitoring(Object):
    """The one network.

    A board gives what it knows, by ID, each a value or a function that gives it: 0 bearer,
    2 signal in dBm, 3 link quality, 4 its addresses, 5 those of routers, 8 cell, 10 SMCC...
    """

    oid = 4
    version = "1.3"
    single = True
    table = (
        b"\x00\x00\x11\x02"  # 0 Network Bearer
        b"\x00\x01\x19\x02"  # 1 Available Network Bearer
        b"\x00\x02\x11\x02"  # 2 Radio Signal Strength
        b"\x00\x03\x01\x02"  # 3 Link Quality
        b"\x00\x04\x19\x01"  # 4 IP Addresses
        b"\x00\x05\x09\x01"  # 5 Router IP Addresses
        b"\x00\x06\x01\x02"  # 6 Link Utilization
        b"\x00\x07\x09\x01"  # 7 APN
        b"\x00\x08\x01\x02"  # 8 Cell ID
        b"\x00\x09\x01\x02"  # 9 SMNC
        b"\x00\x0a\x01\x02"  # 10 SMCC
        b"\x00\x0b\x01\x02"  # 11 SignalSNR
        b"\x00\x0c\x01\x02"  # 12 LAC
        b"\x00\x0d\x01\x02"  # 13 Coverage Enhancement Level
    )

    def __init__(self, resources: dict):
        """`resources` need the bearer. Of the other mandatory ones what is left out says that no
        more is known: only this bearer is available, a signal of 0, no address.
        """
        super().__init__({0: resources})
        resources.setdefault(_AVAILABLE, self._available)
        resources.setdefault(_SIGNAL, 0)
        resources.setdefault(_ADDRESSES, {})

    def _available(self):
        return {0: self.read(0, _BEARER)}
