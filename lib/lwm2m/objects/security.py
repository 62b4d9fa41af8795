"""Object 0, LwM2M Security 1.2: a server's address and credentials. No server ever sees it."""

from ..model import Object


class Security(Object):
    """An Instance a server account: 0 URI, 1 bootstrap?, 2 security mode, 10 short server ID."""

    version = "1.2"
    kept = True
    table = (
        b"\x00\x00\x10\x01"  # 0 LWM2M  Server URI
        b"\x00\x01\x10\x04"  # 1 Bootstrap-Server
        b"\x00\x02\x10\x02"  # 2 Security Mode
        b"\x00\x03\x10\x05"  # 3 Public Key or Identity
        b"\x00\x04\x10\x05"  # 4 Server Public Key
        b"\x00\x05\x10\x05"  # 5 Secret Key
        b"\x00\x06\x00\x02"  # 6 SMS Security Mode
        b"\x00\x07\x00\x05"  # 7 SMS Binding Key Parameters
        b"\x00\x08\x00\x05"  # 8 SMS Binding Secret Key(s)
        b"\x00\x09\x00\x01"  # 9 LwM2M Server SMS Number
        b"\x00\x0a\x00\x02"  # 10 Short Server ID
        b"\x00\x0b\x00\x02"  # 11 Client Hold Off Time
        b"\x00\x0c\x00\x02"  # 12 Bootstrap-Server Account Timeout
        b"\x00\x0d\x00\x08"  # 13 Matching Type
        b"\x00\x0e\x00\x01"  # 14 SNI
        b"\x00\x0f\x00\x08"  # 15 Certificate Usage
        b"\x00\x10\x08\x08"  # 16 DTLS/TLS Ciphersuite
        b"\x00\x11\x00\x07"  # 17 OSCORE Security Mode
        b"\x00\x12\x08\x08"  # 18 Groups To Use by Client
        b"\x00\x13\x08\x08"  # 19 Signature Algorithms Supported by Server
        b"\x00\x14\x08\x08"  # 20 Signature Algorithms To Use by Client
        b"\x00\x15\x08\x08"  # 21 Signature Algorithm Certs Supported by Server
        b"\x00\x16\x00\x08"  # 22 TLS 1.3 Features To Use by Client
        b"\x00\x17\x00\x08"  # 23 TLS Extensions Supported by Server
        b"\x00\x18\x00\x08"  # 24 TLS Extensions To Use by Client
        b"\x00\x19\x08\x01"  # 25 Secondary LwM2M Server URI
        b"\x00\x1a\x00\x07"  # 26 MQTT Server
        b"\x00\x1b\x08\x07"  # 27 LwM2M COSE Security
        b"\x00\x1c\x00\x02"  # 28 RDS Destination Port
        b"\x00\x1d\x00\x02"  # 29 RDS Source Port
        b"\x00\x1e\x00\x01"  # 30 RDS Application ID
    )
