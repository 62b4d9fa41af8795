"""OpenSSL's DTLS server before a plain UDP server."""

import shutil
import socket
import subprocess
import threading
import time

IDENTITY = "meter-0001"
KEY = bytes(range(0x30, 0x40))


def free_port():
    """A UDP port that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Front:
    """`openssl s_server`, one client at a time; every record is one datagram."""

    def __init__(self, behind: int, ciphers: str = "PSK", key: bytes = KEY):
        self.port = free_port()
        command = ["openssl", "s_server", "-dtls1_2", "-accept", "127.0.0.1:%d" % self.port]
        command += ["-nocert", "-quiet", "-psk", key.hex(), "-psk_identity", IDENTITY]
        command += ["-cipher", ciphers + ":@SECLEVEL=0"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", behind))
        for work in (self._inwards, self._outwards):
            threading.Thread(target=work, daemon=True).start()

    @property
    def account(self) -> dict:
        """The server's part of a meter's configuration."""
        uri = "coaps://127.0.0.1:%d" % self.port
        return {"uri": uri, "short_server_id": 1, "identity": IDENTITY, "key": KEY.hex()}

    def _inwards(self):
        while data := self.process.stdout.read(4096):
            self.socket.send(data)

    def _outwards(self):
        while True:
            try:
                data = self.socket.recv(4096)
                self.process.stdin.write(data)
                time.sleep(0.05)  # else it would seal two datagrams in one record
            except OSError:
                return

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self.socket.close()


def missing() -> str:
    """Why it cannot be, or nothing."""
    return "" if shutil.which("openssl") else "openssl is not installed: apt-get install openssl"
