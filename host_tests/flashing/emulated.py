"""The emulated METER_PPP's console on a pty, for programs that open a port."""

import os
import pty
import select
import threading
import tty

_POLL_S = 0.002


class EmulatedPort:
    """Carries bytes between a pty and the console of a tools.emulator.Board."""

    def __init__(self, board):
        self.board = board

    def __enter__(self):
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="emulated port")
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def _carry(self):
        sent = len(self.board.console.output)
        while not self._over.is_set():
            if select.select([self._master], [], [], _POLL_S)[0]:
                self.board.write(os.read(self._master, 4096))
            output = bytes(self.board.console.output[sent:])
            if output:
                os.write(self._master, output)
                sent += len(output)
            else:
                self.board.wake_console()
