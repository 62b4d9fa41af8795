"""Server URIs (LwM2M Transport section 6.1)."""


def split_uri(uri: str) -> tuple:
    """(scheme, host, port) of a server URI, an IPv6 literal in brackets; or ValueError."""
    scheme, _, rest = uri.partition("://")
    host = rest.split("/")[0]
    port = 5684 if scheme == "coaps" else 5683
    if host[-1:] != "]" and ":" in host:
        host, port = host.rsplit(":", 1)
        port = int(port)
    if host[:1] == "[" and host[-1] == "]":
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not host or not 0 < port < 65536:
        raise ValueError(uri)
    return scheme, host, port
