"""The harness itself: boot, console, file system, PPP, datagrams, measuring, and a clean end."""

import threading

import pytest
from tools.emulator import Board, BoardError, GuestError, drop_every, imports, seeded
from tools.emulator.guest import PPP_UP
from tools.image.compiler import ROOT, compile_module

COUNTING_MAIN = b"""
import time
count = 0
while True:
    count += 1
    print("count", count)
    time.sleep_ms(20)
"""


def test_this_is_32_bits_with_24_bit_floats():
    with Board() as board:
        assert board.run("import sys; print(sys.maxsize)") == "2147483647\n"
        assert board.run("print(1790000007.0, 123456.789)") == "1790000000.0 123456.79\n"


def test_an_error_of_the_guest_is_an_error_here():
    with Board() as board, pytest.raises(GuestError, match="ZeroDivisionError"):
        board.run("1 // 0")


def test_what_does_not_come_is_reported_with_the_output_so_far():
    with Board({"main.py": b"print('only this')"}) as board:
        board.wait_for_line("only this")
        with pytest.raises(BoardError, match="no line like 'that'(?s:.*)only this"):
            board.wait_for_line("that", timeout=0.5)


def test_main_runs_and_its_heap_is_read_while_it_runs():
    with Board({"main.py": COUNTING_MAIN}, probe=True) as board:
        board.wait_for_line("count 2")
        heap = board.live_heap()
        assert heap.total == heap.used + heap.free
        assert 2_000 < heap.used < 8_000
        assert heap.largest > 200_000
        seen = len(board.console.lines)
        board.wait_for_line("count", after=seen)


def test_guest_time_is_that_of_the_chip():
    with Board({"main.py": COUNTING_MAIN}) as board:
        first = board.wait_for_line("count 5")
        last = board.wait_for_line("count 15")
        assert 200 <= (last.at_ns - first.at_ns) / 1e6 < 230


def test_a_compiled_module_of_the_file_system_is_imported(tmp_path):
    source = tmp_path / "litres.py"
    source.write_text("def read():\n    return 1234\n\n\nTABLE = bytes(1000)\n")
    files = {"lib/litres.mpy": compile_module(source, "litres.py"), "data/x.txt": b"y"}
    with Board(files) as board:
        (cost,) = imports(board, ["litres"])
        assert cost.module == "litres"
        assert 1_000 < cost.ram < 2_000
        assert 1_000 < cost.us < 30_000
        assert board.run("import litres; print(litres.read())") == "1234\n"
        assert board.run("print(open('/data/x.txt').read())") == "y\n"
        largest = board.run("import os; print(os.statvfs('/')[:4])")
        assert largest.startswith("(4096, 4096, 128,")


def test_flash_outlives_a_reset():
    with Board({}) as board:
        board.run("with open('/kept', 'w') as f:\n f.write('8 l')")
        board.reset()
        assert board.run("print(open('/kept').read())") == "8 l\n"


def test_a_power_cut_keeps_flash_and_nothing_else():
    """A scratch register of the watchdog outlives a reset by the guest; the RAM any reset."""
    keep = "import machine; machine.mem32[0x40058014] = 77"
    show = "import machine; print(machine.mem32[0x40058014], machine.reset_cause())"
    with Board({}) as board:
        board.run("with open('/kept', 'w') as f:\n f.write('8 l')\n" + keep)
        board.run("machine.Timer(period=50, mode=0, callback=lambda t: machine.reset())")
        board.wait_for_line("MicroPython v", after=len(board.console.lines))
        assert board.run(show) == "77 3\n"
        board.chip.mcu.sram[-4:] = b"RAM!"
        board.power_cut()
        assert board.run(show) == "0 1\n"
        assert board.chip.mcu.sram[-4:] != b"RAM!"
        assert board.run("print(open('/kept').read())") == "8 l\n"


def test_ppp_comes_up_and_a_datagram_goes_and_comes(echo):
    with Board() as board:
        printed = board.run(
            PPP_UP
            + "print(ppp.ifconfig()[0]); s = link(%d); s.send(b'hello'); print(s.recv(64))"
            % echo.port
        )
        assert printed == "10.64.64.2\nb'echo:hello'\n"
        sent, answered = board.datagrams
        assert (sent.from_guest, sent.host_port, sent.data) == (True, echo.port, b"hello")
        assert (answered.from_guest, answered.guest_port) == (False, sent.guest_port)
        assert board.line.up_ns < sent.at_ns < answered.at_ns
        assert board.line.dropped == 0


def test_one_guest_port_is_one_peer_to_the_server(echo):
    with Board() as board:
        board.run(
            PPP_UP
            + "s = link(%d)\nfor i in range(3):\n s.send(b'%%d' %% i)\n s.recv(9)" % echo.port
        )
        assert echo.received == [b"0", b"1", b"2"]
        echo.send(b"from the server alone")
        assert board.run("print(s.recv(64))") == "b'from the server alone'\n"


@pytest.mark.parametrize(
    ("data", "buffer"),
    [(bytes(range(256)) * 5, 2048), (bytes(1400), 4096)],
    ids=["longest", "zeros"],
)
def test_a_large_datagram_passes_whole(echo, data, buffer):
    """The longest that the client takes, and one of which PPP escapes each byte.

    MicroPython's PPP reads when the line is idle: what comes until then has to fit into the UART's
    buffer, for there is no flow control.
    """
    program = PPP_UP.replace("rxbuf=2048", "rxbuf=%d" % buffer)
    program += "s = link(%d); s.send(%r); print(len(s.recv(1500)))" % (echo.port, data)
    with Board() as board:
        assert board.run(program) == "%d\n" % (len(data) + 5)
        assert echo.received == [data] and board.line.overrun == 0


def test_ppp_comes_up_again_after_a_reset(echo):
    program = PPP_UP + "s = link(%d); s.send(b'again'); print(s.recv(64))" % echo.port
    with Board() as board:
        board.run(program)
        board.reset()
        assert board.run(program) == "b'echo:again'\n"


def test_a_reset_by_the_guest_is_one_too(echo):
    main = PPP_UP + "link(%d).send(b'up')\nprint('sent')\ntime.sleep(1)\nmachine.reset()"
    with Board({"main.py": (main % echo.port).encode()}) as board:
        board.wait_for_line("sent")
        first = board.line.up_ns
        board.wait_for_datagram(lambda d: d.data == b"up", after=2)
        assert board.line.up_ns > first + 1e9
        assert board.now_ms < 1000


RETRYING = """
s = link(%d)
s.settimeout(0.2)
tries = 0
for i in range(6):
    while True:
        tries += 1
        s.send(bytes([i]))
        try:
            if s.recv(64) == b'echo:' + bytes([i]):
                break
        except OSError:
            pass
print(tries)
"""


def test_lost_datagrams_are_sent_again(echo):
    with Board(faults=drop_every(4)) as board:
        assert int(board.run(PPP_UP + RETRYING % echo.port)) > 6


def test_seeded_faults_are_the_same_run_again():
    first, second, other = (seeded(s, drop=30, duplicate=30, delay=30) for s in (7, 7, 8))
    runs = [[faults(None) for _ in range(50)] for faults in (first, second, other)]
    assert runs[0] == runs[1] != runs[2]
    assert [] in runs[0]
    assert any(len(copies) == 2 for copies in runs[0])
    assert any(copy > 0 for copies in runs[0] for copy in copies)


def test_a_doubled_and_a_delayed_datagram_arrive_so(echo):
    # The guest's own pass; the answer comes at once and again 300 ms of guest time later.
    with Board(faults=lambda d: (0,) if d.from_guest else (0, 300)) as board:
        board.run(PPP_UP + "s = link(%d); s.send(b'x'); s.recv(9)" % echo.port)
        board.run("a = time.ticks_ms(); s.recv(9)")
        board.run("pass")
        first, second = (d for d in board.datagrams if not d.from_guest)
        assert 290 <= (second.at_ns - first.at_ns) / 1e6 <= 310


def test_a_program_that_does_not_end_is_given_up_and_the_next_one_runs():
    with Board() as board:
        with pytest.raises(BoardError, match="no end of the program"):
            board.run("while True:\n pass", timeout=0.5)
        assert board.run("print(1)") == "1\n"


def test_nothing_is_left_behind(echo):
    before = threading.active_count()
    with Board() as board:
        board.run(PPP_UP + "s = link(%d); s.send(b'x')" % echo.port)
    assert threading.active_count() == before
    with pytest.raises(BoardError, match="off"):
        board.run("pass")


def test_what_breaks_the_emulator_is_raised():
    board = Board()
    board.start()
    broken = board.chip.mcu.clock.create_alarm(lambda: [].pop())
    board._loop.call_soon_threadsafe(broken.schedule, 1e6)
    with pytest.raises((BoardError, IndexError)):
        board.wait_for_line("never")
    with pytest.raises(IndexError):
        board.stop()


def test_the_pages_example_runs(capsys):
    page = (ROOT / "tools" / "emulator" / "README.md").read_text()
    exec(page.partition("```python\n")[2].partition("```")[0], {})
    heap, two, cost = capsys.readouterr().out.strip().replace("\n\n", "\n").splitlines()
    assert heap.startswith("heap used ") and two == "2"
    assert "module='litres'" in cost and "error=''" in cost


def test_random_numbers_are_random():
    with Board() as board:
        digits = board.run("import os; print(os.urandom(1024).hex())").strip()
    found = bytes.fromhex(digits)
    assert len(found) == 1024 and found.count(found[:1]) < 40 and found.find(found[:8], 1) < 0
