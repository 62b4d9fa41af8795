"""coaps by native DTLS with the pre-shared key of an account, over the plain transport."""

import tls
from micropython import const

from .transport import NativeDtls

# By the IANA's numbers; the order is the one in which they are offered.
_NAMES = {
    0xC0A8: "TLS-PSK-WITH-AES-128-CCM-8",
    0xC0A4: "TLS-PSK-WITH-AES-128-CCM",
    0x00A8: "TLS-PSK-WITH-AES-128-GCM-SHA256",
    0x00AE: "TLS-PSK-WITH-AES-128-CBC-SHA256",
}
_MANDATORY_SUITE = const(0xC0A8)


class NativeDialer:
    """Dials servers by native DTLS. Each connection is another context."""

    def __init__(self, client, log, settings: dict):
        """`settings`: max_retransmit."""
        self.client = client
        self.log = log
        self.max_retransmit = settings.get("max_retransmit", 5)
        self.contexts = 0

    def __call__(self, host: str, port: int, account):
        """The transport to a server. May raise OSError, or ValueError for the suites."""
        context = tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT)
        context.verify_mode = tls.CERT_NONE  # there are none: the key authenticates the server
        context.psk_identity = account.identity
        context.psk_key = account.key
        numbers = account.suites or {}
        context.set_ciphers(suites(tuple(numbers.values()), context.get_ciphers()))
        client = self.client
        lower = client.transports["coap"](host, port, account)
        self.contexts += 1
        try:
            return NativeDtls(
                lower, context, client.clock, self.contexts, self.max_retransmit, self.log
            )
        except Exception:  # also a full heap: a modem has few sockets
            lower.close()
            raise


def suites(numbers, offered: list) -> list:
    """The names of an account's suites that the build offers; ValueError if there are none.

    Where the account has only the mandatory one, or none, and the build does not know it, they
    are all that the build has.
    """
    numbers = list(numbers or (_MANDATORY_SUITE,))
    names = [_NAMES[number] for number in numbers if _NAMES.get(number) in offered]
    if not names and numbers == [_MANDATORY_SUITE]:
        names = [name for name in _NAMES.values() if name in offered]
    if not names:
        raise ValueError("suites")
    return names
