"""Object 20, Event Log 2.1: the latest lines of the device's log (OMA-TS-LwM2M_EventLog)."""

from micropython import const

from ..model import Lwm2mError, Object

_LOG_CLASS = const(4010)
_LOG_START = const(4011)
_LOG_STOP = const(4012)
_LOG_STATUS = const(4013)
_LOG_DATA = const(4014)
_LOG_FORMAT = const(4015)

_STOPPED = const(1)  # bits of LogStatus
_HAS_LINES = const(2)
_BAD_REQUEST = const(0x80)


class EventLog(Object):
    """One Instance. `ring` has `running`, `used`, `content() -> bytearray` and `clear()`.

    LogData is lines of UTF-8, so its format is 0, a sequence of bytes; a Read copies them, for
    the ring goes on while the blocks are fetched. Observers are not notified of lines, for a
    notification would make the next one.
    """

    oid = 20
    version = "2.1"
    ranges = {_LOG_CLASS: (0, 255), _LOG_FORMAT: (0, 255)}
    table = (
        b"\x0f\xaa\x03\x02"  # 4010 LogClass
        b"\x0f\xab\x04\x00"  # 4011 LogStart
        b"\x0f\xac\x04\x00"  # 4012 LogStop
        b"\x0f\xad\x01\x02"  # 4013 LogStatus
        b"\x0f\xae\x11\x05"  # 4014 LogData
        b"\x0f\xaf\x03\x02"  # 4015 LogDataFormat
        b"\x0f\xb0\x00\x05"  # 4016 LogDataIncremental
        b"\x0f\xb1\x03\x08"  # 4017 LogDataIncrementalMinimumSendInterval
    )

    def __init__(self, ring, log_class: int = 0):
        resources: dict = {_LOG_CLASS: log_class, _LOG_FORMAT: 0}
        for rid in (_LOG_START, _LOG_STOP, _LOG_STATUS, _LOG_DATA):
            resources[rid] = None
        super().__init__({0: resources})
        self.ring = ring

    def read(self, iid: int, rid: int):
        """A Resource; LogStatus has bits: 1 stopped, 2 there are lines."""
        ring = self.ring
        if rid == _LOG_DATA:
            return ring.content()
        if rid == _LOG_STATUS:
            return (0 if ring.running else _STOPPED) | (_HAS_LINES if ring.used else 0)
        return self.instances[iid][rid]

    def check(self, iid: int, rid: int, value) -> None:
        """Refuse a format that LogData never has, by 4.00."""
        if rid == _LOG_FORMAT and value:
            raise Lwm2mError(_BAD_REQUEST)

    def execute(self, iid: int, rid: int, argument: bytes) -> None:
        """LogStart forgets the lines unless its argument 0 is '1'; LogStop only if it is."""
        if argument not in (b"", b"0", b"0='0'", b"0='1'"):
            raise Lwm2mError(_BAD_REQUEST)
        self.ring.running = rid == _LOG_START
        if (argument == b"0='1'") != self.ring.running:
            self.ring.clear()
        self.changed(iid, _LOG_STATUS)
