"""What Linux tells of the network: for Object 4. Where /proc is missing, nothing is known."""

from lwm2m.client import split_uri

_GATEWAY = 2  # a flag of a route
_ETHERNET = 41
_WLAN = 21


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


def local(port: int) -> dict:
    """The addresses from which sockets are connected to a UDP port."""
    found = []
    for row in _table("udp") + _table("udp6"):
        digits = row[1].split(":")[0]
        if row[2].endswith(":%04X" % port) and address(digits) not in found:
            found.append(address(digits))
    return dict(enumerate(found))


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


def facts(uri: str) -> dict:
    """Resources of Object 4 for a client that talks to the server at `uri`."""
    port = split_uri(uri)[2]
    known = {0: _ETHERNET, 4: lambda: local(port), 5: _routers}
    if _radio():
        known[0] = _WLAN
        known[2] = lambda: (_radio() or (0, 0))[1]
        known[3] = lambda: (_radio() or (0, 0))[0]
    return known
