"""Object 16, Portfolio 1.0: identities of the host device, which servers may add to."""

from .stored import Stored


class Portfolio(Stored):
    """Instances of 0 Identity: {0: host device ID, 1: manufacturer, 2: model, 3: software}."""

    oid = 16
    table = (
        b"\x00\x00\x1b\x01"  # 0 Identity
        b"\x00\x01\x04\x00"  # 1 GetAuthData
        b"\x00\x02\x09\x05"  # 2 AuthData
        b"\x00\x03\x01\x02"  # 3 AuthStatus
    )
