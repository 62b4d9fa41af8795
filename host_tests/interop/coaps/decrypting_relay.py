"""A relay between a meter and a coaps server that knows the key, and so reads what they say.

What it does to the datagrams: nothing, or it drops them, or it moves to another port of its own,
as a NAT does. `capture` is the CoAP in them, as Relay has it; `wire` is what went by.
"""

import hashlib
import select
import socket
import threading
import time
import typing
import urllib.parse

from dtls.crypto import prf
from dtls.record import Records, ciphers

from ..relay import Relay
from ..scripted import Datagram

ALERT, HANDSHAKE, DATA, CID_RECORD = 21, 22, 23, 25
CLIENT_HELLO, SERVER_HELLO, VERIFY_REQUEST, CLIENT_KEY = 1, 2, 3, 16
EMS, CID = 23, 54


def udp() -> socket.socket:
    """A socket."""
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


class Record(typing.NamedTuple):
    """A record that went by; `text` is None where it is encrypted, `dropped` where it ended here.

    `kind` is that of its header.
    """

    at: float
    inbound: bool
    kind: int
    text: bytes | None
    dropped: bool


class Secrets:
    """What two ends of one session have, from what they say in the clear and the key."""

    def __init__(self, key: bytes):
        self.key = key
        self.masters = {}  # by session ID
        self.messages = {}  # of this handshake, by (sender, message_seq)
        self.hello = b""
        self.inbound = self.outbound = None  # Records

    def note(self, inbound: bool, text: bytes) -> None:
        """A handshake message in the clear, whole as these all are."""
        kind, seq = text[0], int.from_bytes(text[4:6], "big")
        if kind == VERIFY_REQUEST or (inbound, seq) in self.messages:
            return
        if kind == CLIENT_HELLO:
            self.messages = {}
            self.hello = text
        self.messages[inbound, seq] = text
        if kind == SERVER_HELLO:
            self._server_hello(text[12:])
        elif kind == CLIENT_KEY:
            self._client_key()

    def _server_hello(self, body: bytes):
        self.sid = body[35 : 35 + body[34]]
        i = 35 + len(self.sid)
        self.suite = int.from_bytes(body[i : i + 2], "big")
        self.seed = body[2:34], self.hello[14:46]
        extensions = {}
        i += 5
        while i < len(body):
            size = int.from_bytes(body[i + 2 : i + 4], "big")
            extensions[int.from_bytes(body[i : i + 2], "big")] = body[i + 4 : i + 4 + size]
            i += 4 + size
        self.cid = extensions.get(CID, b"\0")[1:]
        assert EMS in extensions
        if self.sid in self.masters and self.sid in self.hello:
            self._keys(self.masters[self.sid])

    def _client_key(self):
        n = len(self.key)
        secret = n.to_bytes(2, "big") + bytes(n) + n.to_bytes(2, "big") + self.key
        digest = hashlib.sha256(b"".join(self.messages.values())).digest()
        master = self.masters[self.sid] = prf(secret, b"extended master secret" + digest, 48)
        self._keys(master)

    def _keys(self, master: bytes):
        theirs, ours = self.seed
        block = prf(master, b"key expansion" + theirs + ours, 40)
        out, into = ciphers(self.suite, block, False)
        self.inbound = Records(None, out, b"", self.cid)
        self.outbound = Records(None, into)

    def open(self, inbound: bool, kind: int, number: bytes, body: bytes):
        """(true type, text) of an encrypted record, or None."""
        records = self.inbound if inbound else self.outbound
        return records.open(kind, number, body) if records else None


class DecryptingRelay(Relay):
    """The relay. What Relay does by its thread and sockets is done here by others."""

    def __init__(self, server: str, key: bytes):
        self.capture = []
        self.wire = []
        self.lose = None  # a function of a CoAP message and its direction: is it dropped?
        self.blocked = None  # a function of a Record: is its datagram dropped?
        self.secrets = Secrets(key)
        self.meter = None
        self.front = udp()
        self.front.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.uri = "coaps://127.0.0.1:%d" % self.port
        self.server = urllib.parse.urlsplit(server)
        self.back = None
        self.move()
        self.open = True
        self.thread = threading.Thread(target=self._relay, daemon=True)
        self.thread.start()

    def _relay(self):
        while self.open:
            back = self.back
            for ready in select.select((self.front, back), (), (), 0.05)[0]:
                try:
                    if ready is self.front:
                        data, self.meter = ready.recvfrom(65536)
                        if self._noted(data, True):
                            self.back.send(data)
                    else:
                        data = ready.recv(65536)
                        if back is self.back and self._noted(data, False):
                            self.front.sendto(data, self.meter)
                except ConnectionError:  # the server is gone
                    pass
            if back is not self.back:
                back.close()

    def close(self) -> None:
        self.open = False
        self.thread.join(5)
        self.front.close()
        self.back.close()

    def _noted(self, data, inbound) -> bool:
        dropped = False
        for kind, text, plain in self._records(data, inbound):
            record = Record(time.time(), inbound, kind, plain, False)
            if self.blocked and self.blocked(record):
                dropped = True
            elif text is not None:
                one = Datagram(time.time(), True, self.port, self.meter[1], inbound, text, True)
                self.capture.append(one)
                dropped = dropped or bool(self.lose and self.lose(text, inbound))
            self.wire.append(record._replace(dropped=dropped))
        return not dropped

    def _records(self, data, inbound):
        i = 0
        while i < len(data):
            kind, number = data[i], data[i + 3 : i + 11]
            at = i + 11 + (len(self.secrets.cid) if kind == CID_RECORD else 0)
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            body = data[at + 2 : end]
            i = end
            if number[:2] == b"\0\0":
                if kind == HANDSHAKE:
                    self.secrets.note(inbound, body)
                yield kind, None, body
            else:
                found = self.secrets.open(inbound, kind, number, body)
                yield kind, found[1] if found and found[0] == DATA else None, None

    def move(self) -> None:
        """From now on the server sees the meter at another address; the old one is gone."""
        fresh = udp()
        fresh.connect((self.server.hostname, self.server.port))
        self.back = fresh

    def hellos(self, start: int = 0) -> list:
        """The ClientHellos since the record `start`: empty where there was no handshake."""
        return [
            one
            for one in self.wire[start:]
            if one.inbound and one.kind == HANDSHAKE and one.text and one.text[0] == CLIENT_HELLO
        ]

    def data(self, start: int = 0) -> list:
        """The records from the meter that are not of a handshake in the clear."""
        return [one for one in self.wire[start:] if one.inbound and one.text is None]
