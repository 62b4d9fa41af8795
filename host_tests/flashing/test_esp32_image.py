"""The whole way for an ESP32: `tools.flash flash` builds the image, and esptool writes it."""

import json

import pytest
import stock_images
from rom_loader import RomLoader
from tools import boards
from tools.flash import __main__ as command
from tools.flash import disk, esp32, keep

CONFIG = {
    "endpoint": "m1",
    "servers": [{"uri": "coap://192.0.2.1"}],
    "wifi": {"ssid": "works", "password": "12345678", "country": "DE"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ESP32_GENERIC"])
def test_one_command_makes_a_meter_of_a_bare_esp32_and_the_next_keeps_what_it_has(
    name, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(esp32.flash, "__defaults__", (tmp_path / "kept",))
    board = boards.load(name)
    stock = tmp_path / "stock.bin"
    stock.write_bytes(stock_images.esp(tmp_path, board.mcu))
    config = tmp_path / "my.json"
    config.write_text(json.dumps(CONFIG))
    arguments = ["flash", "--board", name, "--profile", "water", "--firmware", str(stock)]
    files = board.regions["files"]
    with RomLoader(board.mcu, board.flash_size >> 20) as chip:
        arguments += ["--port", chip.port]
        assert command.run([*arguments, "--config", str(config)]) == 0, capsys.readouterr().err
        first = disk.read(bytes(chip.flash[files.offset : files.end]))
        assert first[keep.CONFIG] == config.read_bytes()
        assert "/main.py" in first
        assert "/slots.mpy" in first
        assert any(path.startswith("/a/") for path in first)
        counted = disk.merge(bytes(chip.flash[files.offset : files.end]), {"/data/count": b"4711"})
        chip.flash[files.offset : files.end] = counted
        assert command.run(arguments) == 0, capsys.readouterr().err
        second = disk.read(bytes(chip.flash[files.offset : files.end]))
        assert second == first | {"/data/count": b"4711"}
