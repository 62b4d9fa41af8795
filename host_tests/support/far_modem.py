"""A cellular modem with one open socket: it hears bytes, its answers are in a list."""

_PLAIN = {b"AT+CGATT?": b"+CGATT: 1", b"AT+QIACT?": b"+QIACT: 1,1"}
_KNOWN = (b"AT", b"ATE0", b"AT+QICSGP=", b"AT+QIACT=", b"AT+QICLOSE=")


class FarModem:
    """`air` is what was sent, `come` are datagrams that wait to be read."""

    def __init__(self):
        self.air = []
        self.come = []
        self.answers = []
        self._line = b""
        self._need = 0
        self._data = b""

    def hear(self, data):
        """Bytes of the host."""
        for byte in data:
            if self._need:
                self._data += bytes([byte])
                if len(self._data) == self._need:
                    self.air.append(self._data)
                    self._need, self._data = 0, b""
                    self.answers.append(b"\r\nSEND OK\r\n")
            elif byte == 13:
                line, self._line = self._line.strip(b"\x1b\r\n"), b""
                if line:
                    self.answers.append(self._answer(line))
            else:
                self._line += bytes([byte])

    def _answer(self, line):
        if line.startswith(b"AT+QISEND=0,"):
            self._need = int(line[12:])
            return b"\r\n> "
        if line == b"AT+QIRD=0,1500":
            data = self.come.pop(0) if self.come else b""
            return b"\r\n+QIRD: %d\r\n%s\r\nOK\r\n" % (len(data), data + b"\r\n" if data else b"")
        if line.startswith(b"AT+QIOPEN"):
            return b"\r\nOK\r\n\r\n+QIOPEN: 0,0\r\n"
        if line in _PLAIN:
            return b"\r\n%s\r\n\r\nOK\r\n" % _PLAIN[line]
        return b"\r\nOK\r\n" if line in _KNOWN or line.startswith(_KNOWN[2:]) else b"\r\nERROR\r\n"
