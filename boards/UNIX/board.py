"""The Unix port as a board: what Linux knows of the network, nothing where /proc is missing."""

import os
import sys

from coap.clock import Clock
from lwm2m.uri import split_uri

_GATEWAY = 2  # a flag of a route
_ETHERNET = 41
_WLAN = 21

POWER_CLASS = "mains"
PINS: dict = {}
battery = None  # nothing measures it

_flows: list = []


def _table(name):
    # The rows of a file of /proc/net, as lists of words, without headings
    try:
        with open("/proc/net/" + name) as file:
            return [line.split() for line in file][1:]
    except OSError:
        return []


def _words(digits):
    # The bytes of an address as the kernel prints it: words of 32 bits in the host's byte order
    data = b""
    for i in range(0, len(digits), 8):
        data += int(digits[i : i + 8], 16).to_bytes(4, "little")
    return data


def address(digits: str) -> str:
    """An address in words of eight hexadecimal digits: IPv4 with points, IPv6 in full."""
    data = _words(digits)
    if len(data) == 4:
        return ".".join([str(byte) for byte in data])
    return ":".join(["%x" % (data[i] << 8 | data[i + 1]) for i in range(0, 16, 2)])


def local_addresses(port: int) -> dict:
    """The addresses from which sockets are connected to a UDP port."""
    addresses = []
    for row in _table("udp") + _table("udp6"):
        local_address = address(row[1].split(":")[0])
        if row[2].endswith(":%04X" % port) and local_address not in addresses:
            addresses.append(local_address)
    return dict(enumerate(addresses))


def _default():
    # Interface and router of the default route
    for row in _table("route"):
        if row[1] == "00000000" and int(row[3], 16) & _GATEWAY:
            return row[0], address(row[2])
    return "", ""


def _routers():
    router = _default()[1]
    return {0: router} if router else {}


def _radio():
    # Link quality and signal in dBm of the default route's interface, or of any, if it has a radio
    name = _default()[0]
    for row in _table("wireless")[1:]:
        if row[0] == name + ":" or not name:
            return int(float(row[2])), int(float(row[3]))
    return None


def connectivity(uri: str) -> dict:
    """Resources of Object 4 for a client that talks to the server at `uri`."""
    port = split_uri(uri)[2]
    known = {0: _ETHERNET, 4: lambda: local_addresses(port), 5: _routers}
    if _radio():
        known[0] = _WLAN
        known[2] = lambda: (_radio() or (0, 0))[1]
        known[3] = lambda: (_radio() or (0, 0))[0]
    return known


class Host:
    """The network of the host, which is always up: a bearer that does nothing."""

    def __init__(self, uri):
        self.uri = uri
        self.log = None

    def is_up(self) -> bool:
        """Sockets find out whether it is."""
        return True

    def poll(self, now: int, served: bool) -> bool:
        """Nothing is due."""
        return False

    def guarded(self, dialer):
        """The dialer itself."""
        return dialer

    def down(self) -> None:
        """The host's network is not ours to end."""

    def connectivity(self) -> dict:
        """Resources of Object 4."""
        return connectivity(self.uri)


class Watchdog:
    """None: who runs the meter by hand restarts it by hand."""

    def alive(self) -> None:
        """The event loop runs."""

    def stop(self) -> None:
        """There is nothing to end."""


def network(settings: dict, log):
    """The host's network, for the first server of the settings."""
    return Host((settings["servers"] or [settings["bootstrap"]])[0]["uri"])


def watchdog() -> Watchdog:
    """A watchdog that never resets."""
    return Watchdog()


def pulses(settings: dict):
    """The simulated flow of the section `water`; started once, it goes on over a Reboot."""
    from drivers.simulated_flow import Flow

    if not _flows:
        _flows.append(Flow(settings["flow"], settings["litres_per_pulse"], Clock().now))
    return _flows[0]


def sleep(ms: int) -> None:
    """Wait, as a board does that keeps its RAM."""
    import time

    time.sleep_ms(ms)


def reset() -> None:
    """Leave: nothing starts the process again."""
    sys.exit(0)


def reset_cause() -> int:
    """A process starts as a board does that got power."""
    return 1


def unique_id() -> str:
    """The first 16 hexadecimal digits of the host's machine ID, or zeros."""
    try:
        with open("/etc/machine-id") as file:
            return file.read(16)
    except OSError:
        return "0" * 16


def storage() -> str:
    """The folder in which the application may keep files: METER_DATA of the environment."""
    return os.getenv("METER_DATA") or "."


def memory():
    """What reads, and writes, memory that a reset keeps, or None: there is none for us."""
    return None
