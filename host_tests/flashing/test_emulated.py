"""mpremote against the emulated RP2040: 32 bits, real flash functions, its own USB console."""

import hashlib

import pytest
from emulated import EmulatedPort
from tools.emulator import Board
from tools.flash import boards, deploy
from tools.flash.images import Wanted
from tools.flash.repl import Repl
from tools.image import firmware, romfs, uf2
from tools.image.compiler import ROOT, compile_module

ON_TRIAL = 1
IMAGE = ROOT / "boards" / "METER_PPP" / "METER_PPP-1.26.1.uf2"


@pytest.fixture
def files():
    """The boot selector on a board's file system."""
    return {"/slots.mpy": compile_module(ROOT / "firmware" / "slots.py", "slots.py")}


def test_files_are_written_read_and_hashed_over_the_real_console(files):
    data = bytes(range(256)) * 5
    with Board(files) as board, EmulatedPort(board) as line, Repl(line.port) as repl:
        device, version, machine = repl.identity()
        assert len(device) == 16
        assert version.startswith("MicroPython v1.26.1")
        assert "RP2040" in machine
        repl.write("/data/kept", data)
        assert repl.hashes(["/data/kept"]) == [hashlib.sha256(data).digest()]
        assert repl.read("/data/kept") == data
        assert repl.paths("/data") == ["/data/kept"]


@pytest.mark.slow
def test_deploy_writes_the_idle_half_of_romfs_and_the_boot_selector_mounts_it(files, tmp_path):
    base = firmware.load(IMAGE)
    new = romfs.build({"/new.mpy": b"M\x06" + bytes(range(256)) * 20}, base)
    file = tmp_path / "image.uf2"
    file.write_bytes(uf2.write(base.pages | uf2.pages_of(new, base.rom_address)))
    meter = boards.load("METER_PPP")
    assert boards.slots_in_rom(meter)
    with Board(dict(files, **{"/old.mpy": b"M\x06old"}), rom=True) as board:
        before = bytes(board.chip.mcu.flash[0x140000:0x160000])
        with EmulatedPort(board) as line:
            said = deploy.deploy(meter, line.port, Wanted(image=str(file)))
            assert said.startswith("slot b has an image of %d bytes" % (-(-len(new) // 4) * 4))
            with Repl(line.port) as repl:
                repl.run("import os, slots; s = slots.Slots()")
                assert repl.evaluate("(s.active, s.state)") == (1, ON_TRIAL)
                assert repl.evaluate("os.listdir(s.folder(1))") == ["new.mpy"]
        assert bytes(board.chip.mcu.flash[0x140000:0x160000]) == before
