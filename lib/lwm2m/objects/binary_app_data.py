"""Object 19, BinaryAppDataContainer 1.0: bytes of an application, from it or for it."""

from .stored import Stored


class BinaryAppData(Stored):
    """Instances of 0 Data: {0: bytes...}; 1 priority, 2 time of creation, 3 description,
    4 format and 5 ID of the application.
    """

    oid = 19
    ranges = {
        1: (0, 255),
        2: (0, None),
        3: (0, 32),
        4: (0, 32),
        5: (0, 65535),
    }
    table = (
        b"\x00\x00\x1b\x05"  # 0 Data
        b"\x00\x01\x03\x02"  # 1 Data Priority
        b"\x00\x02\x03\x06"  # 2 Data Creation Time
        b"\x00\x03\x03\x01"  # 3 Data Description
        b"\x00\x04\x03\x01"  # 4 Data Format
        b"\x00\x05\x03\x02"  # 5 App ID
    )
