"""Object 7, Connectivity Statistics 1.0: what went over the network while it was counted."""

from micropython import const

from ..model import Object

_TX_DATA = const(2)
_RX_DATA = const(3)
_MAX_MESSAGE = const(4)
_AVERAGE_MESSAGE = const(5)
_START = const(6)
_STOP = const(7)
_PERIOD = const(8)

_NEVER = const(0xFFFFFFFFFFF)
_HEADERS_4 = const(28)  # of IPv4 and UDP: the Object counts IP packets
_HEADERS_6 = const(48)


class ConnectivityStatistics(Object):
    """The one collection. Where it is not wanted, no datagram takes longer: give the client

    client.transports["coap"] = statistics.counted(client.transports["coap"])
    """

    oid = 7
    single = True
    ranges = {_PERIOD: (0, None)}
    table = (
        b"\x00\x00\x01\x02"  # 0 SMS Tx Counter
        b"\x00\x01\x01\x02"  # 1 SMS Rx Counter
        b"\x00\x02\x01\x02"  # 2 Tx Data
        b"\x00\x03\x01\x02"  # 3 Rx Data
        b"\x00\x04\x01\x02"  # 4 Max Message Size
        b"\x00\x05\x01\x02"  # 5 Average Message Size
        b"\x00\x06\x14\x00"  # 6 Start
        b"\x00\x07\x14\x00"  # 7 Stop
        b"\x00\x08\x03\x02"  # 8 Collection Period
    )

    def __init__(self, now, period: int = 0):
        """`now()` is the time in ms, as a Clock's; `period` how long to collect, 0 until Stop."""
        resources = {_START: None, _STOP: None, _PERIOD: period}
        super().__init__({0: resources})
        for rid in (_TX_DATA, _RX_DATA, _MAX_MESSAGE, _AVERAGE_MESSAGE):
            resources[rid] = None
        self.now = now
        self.counts = [0, 0, 0, 0]  # bytes sent, bytes received, longest message, messages
        self.until = 0  # collecting up to then

    def counted(self, dial):
        """What opens transports as `dial` does, and has their datagrams counted."""

        def counted(host, port, account=None):
            headers = _HEADERS_6 if ":" in host else _HEADERS_4
            return _Counted(dial(host, port, account), self, headers)

        return counted

    def count(self, direction: int, size: int) -> None:
        """A message of `size` bytes went out (0) or came in (1)."""
        if self.until and self.now() < self.until:
            counts = self.counts
            counts[direction] += size
            counts[3] += 1
            if size > counts[2]:
                counts[2] = size

    def read(self, iid: int, rid: int):
        """A count; data in kilobytes, which are 1000 bytes as in Object 3."""
        sent, received, longest, messages = self.counts
        if rid == _TX_DATA:
            return sent // 1000
        if rid == _RX_DATA:
            return received // 1000
        if rid == _MAX_MESSAGE:
            return longest
        if rid == _AVERAGE_MESSAGE:
            return (sent + received) // (messages or 1)
        return self.instances[0][rid]

    def execute(self, iid: int, rid: int, argument: bytes) -> None:
        """Start from nothing, for as long as the period now is, or Stop and keep the counts."""
        self.until = 0
        if rid == _START:
            self.counts = [0, 0, 0, 0]
            period = self.instances[0].get(_PERIOD)
            self.until = self.now() + period * 1000 if period else _NEVER


class _Counted:
    """A transport whose datagrams are counted."""

    def __init__(self, transport, statistics, headers):
        self.transport = transport
        self.count = statistics.count
        self.headers = headers

    def __getattr__(self, name: str):
        """What the transport below has."""
        return getattr(self.transport, name)

    def send(self, datagram):
        self.count(0, len(datagram) + self.headers)
        self.transport.send(datagram)

    def recv(self):
        datagram = self.transport.recv()
        if datagram:
            self.count(1, len(datagram) + self.headers)
        return datagram
