"""Which port, and each reason why it cannot be used, in one line with the remedy."""

import errno
import os
import pty
import subprocess
import sys
import threading
import time
import tty

import pytest
import serial
from made import esp32_board
from tools.flash import __main__ as command
from tools.flash import boards, console, ports
from tools.flash.failure import FlashError


class Info:
    """A port as pyserial lists it."""

    def __init__(self, device, vid, product="Board in FS mode"):
        self.device, self.vid, self.product, self.description = device, vid, product, "n/a"


@pytest.fixture
def terminal():
    """A port: its path, and the board's end of it."""
    master, slave = pty.openpty()
    tty.setraw(slave)  # else it echoes
    os.set_blocking(master, False)
    yield os.ttyname(slave), master
    for handle in (master, slave):
        try:
            os.close(handle)
        except OSError:
            pass


def refusal(work, *arguments):
    with pytest.raises(FlashError) as refused:
        work(*arguments)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_only_board_is_found_by_its_usb_vendor(terminal, monkeypatch):
    infos = [Info(terminal[0], 0x2E8A), Info("/dev/ttyS0", None), Info("/dev/ttyUSB0", 0x10C4)]
    monkeypatch.setattr(ports.list_ports, "comports", lambda: infos)
    assert ports.find("", "rp2") == terminal[0]


def test_without_a_board_it_says_what_to_plug_in():
    assert "no board at USB: plug it in" in refusal(ports.find, "", "rp2", [])


def test_several_boards_are_listed():
    infos = [Info("/dev/ttyACM0", 0x2E8A), Info("/dev/ttyACM1", 0x2E8A)]
    line = refusal(ports.find, "", "rp2", infos)
    assert "2 boards: /dev/ttyACM0 (Board in FS mode), /dev/ttyACM1 (Board in FS mode)" in line
    assert line.endswith("give PORT=")


def test_a_port_that_does_not_exist_lists_those_that_do():
    infos = [Info("/dev/ttyACM1", 0x2E8A)]
    line = refusal(ports.find, "/dev/ttyACM7", "rp2", infos)
    assert "PORT=/dev/ttyACM7: no such port; connected: /dev/ttyACM1" in line
    assert "no board is connected" in refusal(ports.find, "/dev/ttyACM7", "rp2", [])


def test_no_permission_says_the_group(monkeypatch, terminal):
    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(ports.os, "open", denied)
    line = refusal(ports.check, terminal[0])
    assert "no permission: sudo usermod -aG" in line
    assert "log in again" in line
    assert "dialout" in refusal(ports.check, "/dev/null")


HOLD = """
import fcntl, sys, time
port = open(sys.argv[1], "rb", buffering=0)
fcntl.flock(port, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_a_port_in_use_names_the_program(terminal):
    other = subprocess.Popen([sys.executable, "-c", HOLD, terminal[0]], stdout=subprocess.PIPE)
    try:
        other.stdout.readline()
        line = refusal(ports.check, terminal[0])
        assert "is in use by python" in line
        assert "(PID %d): close that program" % other.pid in line
    finally:
        other.kill()
        other.wait()
        other.stdout.close()


def test_a_file_is_no_port(tmp_path):
    (tmp_path / "x").touch()
    assert "is no serial port" in refusal(ports.check, str(tmp_path / "x"))


def root_of(folder, name, text):
    """A tree with one board."""
    (folder / "boards" / name).mkdir(parents=True)
    (folder / "boards" / name / "board.json").write_text(text)
    return folder


def test_an_unknown_board_lists_those_that_there_are(tmp_path):
    root = root_of(tmp_path, "ONE", "{}")
    assert refusal(boards.load, "TWO", root).endswith("no such board: give one of ONE")
    assert refusal(boards.load, "", root) == "no BOARD= given: one of ONE"


def test_a_boards_file_that_lacks_something_is_named(tmp_path):
    assert "board.json: no 'flash'" in refusal(boards.load, "ONE", root_of(tmp_path, "ONE", "{}"))
    board = esp32_board()
    assert "flash.regions has no 'romfs': add it" in refusal(boards.region, board, "romfs")


def test_the_pc_itself_is_not_flashed():
    assert "nothing is flashed: `make meter` runs it" in refusal(boards.load, "UNIX")


def test_the_command_ends_with_a_status_and_one_line(capsys, monkeypatch):
    monkeypatch.setattr(ports.list_ports, "comports", list)
    for action in ("flash", "deploy"):
        assert command.run([action, "--board", "NO_SUCH"]) == 1
        assert capsys.readouterr().err.startswith("%s: board NO_SUCH: no such board" % action)
    assert command.run(["console", "--port", "/dev/ttyACM77"]) == 1
    assert capsys.readouterr().err.startswith("console: PORT=/dev/ttyACM77: no such port")


def test_ctrl_c_is_one_line(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command.boards, "load", interrupted)
    assert command.run(["flash"]) == 130
    assert capsys.readouterr().err == "flash: stopped by Ctrl-C: start it again\n"


class Log:
    """What the console showed, on a thread; ended on leaving."""

    def __init__(self, port, silence=5.0):
        self.text = ""
        self.over = threading.Event()
        arguments = (port, self._take, silence, self.over.is_set)
        self.thread = threading.Thread(target=console.console, args=arguments)

    def _take(self, text):
        self.text += text

    def ready(self, board):
        """Wait until it shows what comes: opening a port drops what came before."""
        for _ in range(300):
            os.write(board, b"ready\n")
            time.sleep(0.01)
            if "ready\n" in self.text:
                return
        raise AssertionError("nothing was shown")

    def wait_for(self, text):
        for _ in range(300):
            if text in self.text:
                return
            time.sleep(0.01)
        raise AssertionError(self.text)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_the_console_shows_the_log_and_sends_nothing(terminal):
    port, board = terminal
    sent = "12 registering at coaps://h\r\nµ\r\n".encode()
    with Log(port) as log:
        log.ready(board)
        os.write(board, sent[:-3])  # ends within the letter
        time.sleep(0.05)
        os.write(board, sent[-3:])
        log.wait_for("12 registering at coaps://h\nµ\n")
    with pytest.raises(BlockingIOError):
        os.read(board, 1)


def test_the_console_connects_again_after_a_reset(tmp_path, capfd):
    link = tmp_path / "ttyACM0"
    first, slave = pty.openpty()
    link.symlink_to(os.ttyname(slave))
    with Log(str(link)) as log:
        log.ready(first)
        log.text = ""
        link.unlink()
        os.close(slave)
        os.close(first)
        time.sleep(0.3)
        second, slave = pty.openpty()
        link.symlink_to(os.ttyname(slave))
        log.ready(second)
    os.close(slave)
    os.close(second)
    said = capfd.readouterr().err
    assert "the board went away; waiting for it" in said
    assert "is back" in said


def test_a_silent_board_is_explained_once(terminal, capfd):
    with Log(terminal[0], silence=0.2):
        time.sleep(1.0)
    said = capfd.readouterr().err
    assert said.count("console is closed (production mode)") == 1


def test_the_console_says_who_has_the_port(terminal):
    held = serial.Serial(terminal[0], exclusive=True)
    try:
        assert "in use" in refusal(console.console, terminal[0])
    finally:
        held.close()
