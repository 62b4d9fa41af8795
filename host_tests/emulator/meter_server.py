"""A server of one meter: answers its registration, reads its resources, notes both in guest time.

Its CoAP is aiocoap's codec, not ours, so that both sides cannot be wrong alike.
"""

import queue
import socket
import threading

from aiocoap import ACK, CHANGED, CON, CREATED, DELETED, EMPTY, GET, Message
from aiocoap.error import UnparsableMessage
from aiocoap.numbers.codes import Code

_ANSWERS = {2: (CREATED, ("rd", "7")), 4: (DELETED, ())}  # by the request's code; else Changed


class MeterServer:
    """Listens on a free port of 127.0.0.1 until `stop()`."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.registrations: queue.Queue[Message] = queue.Queue()
        self._answers: queue.Queue[tuple[Message, bytes]] = queue.Queue()
        self.notified: queue.Queue[Message] = queue.Queue()
        self._peer = None
        self._number = 0
        self._thread = threading.Thread(target=self._serve, name="meter server")
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the port."""
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(2048)
            if not data:
                return
            try:
                message = Message.decode(data)
            except UnparsableMessage:  # another test's client, which had this port's server before
                continue
            if message.code.is_request():
                self._peer = sender
                self._accept(message)
            elif message.code.is_response() and message.mtype == ACK:
                self._answers.put((message, data))
            elif message.code.is_response():
                self._notified(message)

    def _notified(self, message: Message) -> None:
        if message.mtype == CON:
            acknowledged = Message(code=EMPTY, _mtype=ACK, _mid=message.mid)
            self._socket.sendto(acknowledged.encode(), self._peer)
        self.notified.put(message)

    def _accept(self, request: Message) -> None:
        code, location = _ANSWERS.get(int(request.code), (CHANGED, ()))
        again = request.opt.uri_path and len(request.opt.uri_path) > 1
        if int(request.code) == 2 and again:  # a POST to its location is an Update
            code, location = CHANGED, ()
        answer = Message(code=code, _mtype=ACK, _mid=request.mid, _token=request.token)
        answer.opt.location_path = location
        self._socket.sendto(answer.encode(), self._peer)
        if location:
            self.registrations.put(request)

    def wait_for_registration(self, timeout: float = 120) -> Message:
        """Return the next Register request."""
        return self.registrations.get(timeout=timeout)

    def observe(self, path: str, timeout: float = 60) -> tuple[Message, Message]:
        """Observe a resource; return the answer and the first notification."""
        answer, _, _ = self.read(path, timeout, observe=0)
        return answer, self.notified.get(timeout=timeout)

    def try_to_read(self, path: str, timeout: float) -> bytes | None:
        """Return what a Read gives, or None where it or its answer is lost, as by an overrun."""
        while not self._answers.empty():  # late ones
            self._answers.get()
        sent, token = self._ask(path, None)
        try:
            answer, _ = self._answers.get(timeout=timeout)
        except queue.Empty:
            return None
        return answer.payload if answer.token == token else None

    def read(
        self, path: str, timeout: float = 60, observe: int | None = None
    ) -> tuple[Message, bytes, bytes]:
        """Send a Read; return its answer, and request and answer as they were on the line."""
        sent, token = self._ask(path, observe)
        answer, received = self._answers.get(timeout=timeout)
        if answer.token != token or answer.code != Code.CONTENT:
            raise AssertionError("%s: not the answer to this Read: %s" % (path, answer))
        return answer, sent, received

    def _ask(self, path: str, observe: int | None) -> tuple[bytes, bytes]:
        """Send a Read or an Observe; return it and its token."""
        self._number += 1
        token = self._number.to_bytes(2, "big")
        request = Message(code=GET, _mtype=CON, _mid=self._number, _token=token)
        request.opt.observe = observe
        request.opt.uri_path = tuple(path.strip("/").split("/"))
        sent = request.encode()
        self._socket.sendto(sent, self._peer)
        return sent, token
