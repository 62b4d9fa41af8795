"""AES_128_CBC_SHA256 (RFC 5246 section 6.2.3.2), for servers without CCM; an optional file.

With encrypt-then-MAC (RFC 7366). Without it what a record's padding looks like shows in the time
that opening it takes; `Dtls.mac_then_encrypt` allows that nevertheless.
"""

import os

from cryptolib import aes
from micropython import const

from .crypto import hmac

_CBC = const(2)
_MAC = const(32)


def _equal(a, b):
    return not int.from_bytes(a, "big") ^ int.from_bytes(b, "big")


class Cbc:
    """One direction's protection."""

    def __init__(self, key: bytes, mac_key: bytes, etm: bool, random=os.urandom):
        self.key = key
        self.mac_key = mac_key
        self.etm = etm
        self.random = random

    def _mac(self, head, body):
        return hmac(self.mac_key, head + len(body).to_bytes(2, "big") + body)

    def seal(self, record: bytes, head: bytes, number: bytes, text: bytes) -> bytes:
        """A record that begins with `record`: IV, ciphertext, the MAC within or behind it."""
        if not self.etm:
            text = text + self._mac(head, text)
        n = 15 - len(text) % 16
        iv = self.random(16)
        body = iv + aes(self.key, _CBC, iv).encrypt(text + bytes((n,)) * (n + 1))
        if self.etm:
            body += self._mac(head, body)
        return record + len(body).to_bytes(2, "big") + body

    def open(self, head: bytes, number: bytes, body: bytes) -> bytes | None:
        """The text of a fragment, or None."""
        if self.etm:
            mac = body[-_MAC:]
            body = body[:-_MAC]
            if len(mac) < _MAC or not _equal(mac, self._mac(head, body)):
                return None
        if len(body) < 32 or len(body) % 16:
            return None
        text = aes(self.key, _CBC, body[:16]).decrypt(body[16:])
        n = len(text) - text[-1] - 1
        good = n >= 0 and _equal(text[n:], bytes((text[-1],)) * (text[-1] + 1))
        if self.etm:
            return text[:n] if good else None
        if not good or n < _MAC:  # the MAC is checked whatever the padding (RFC 5246, 6.2.3.2)
            good = False
            n = len(text)
        if len(text) < _MAC:
            return None
        same = _equal(text[n - _MAC : n], self._mac(head, text[: n - _MAC]))
        return text[: n - _MAC] if same and good else None
