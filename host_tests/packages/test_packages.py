"""package.json: up to date, complete, and installed by mpremote onto the port and the emulator."""

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest
from terminal import EmulatedBoard, Terminal, UnixBoard
from tools.emulator import Board
from tools.packages import __main__ as command
from tools.packages import contents

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = contents.packages(ROOT)
IMPORTS = {
    "bearer": "bearer.wifi",
    "chip": "chip.esp32",
    "coap": "coap.endpoint",
    "drivers": "drivers.simulated_flow",
    "dtls": "dtls.client",
    "dtls_native": "dtls_native.transport",
    "firmware": "firmware.app",
    "lwm2m": "lwm2m.client",
    "metering": "metering.water_meter",
    "modem": "modem.engine",
    "nvstore": "nvstore.store",
}


@pytest.fixture
def unix(tmp_path):
    board = UnixBoard(tmp_path)
    yield board
    board.close()


def install(board: UnixBoard, *paths: str) -> None:
    board.terminal.mpremote("mip", "install", "--target", str(board.folder), *paths)


def installed(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def import_on(board, module: str, timeout: float = 60) -> str:
    return board.terminal.mpremote("exec", "import %s as m; print(m)" % module, timeout=timeout)


def test_every_file_that_describes_a_package_is_up_to_date(capsys):
    assert command.run(["--check"]) == 0, capsys.readouterr().out


def test_a_new_file_is_missed_until_the_files_are_written_again(tmp_path, capsys):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "lib/coap").mkdir(parents=True)
    (tmp_path / "lib/coap/a.py").write_text("")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2"\n')
    assert command.run(["--root", str(tmp_path)]) == 0
    assert command.run(["--root", str(tmp_path), "--check"]) == 0
    (tmp_path / "lib/coap/b.py").write_text("import lwm2m.c\n")
    (tmp_path / "lib/lwm2m").mkdir()
    (tmp_path / "lib/lwm2m/c.py").write_text("")
    capsys.readouterr()
    assert command.run(["--root", str(tmp_path), "--check"]) == 1
    assert "packages: lib/coap/package.json is not up to date" in capsys.readouterr().out
    assert command.run(["--root", str(tmp_path), "--base", "github:owner/name/"]) == 0
    assert json.loads((tmp_path / "lib/coap/package.json").read_text()) == {
        "urls": [["coap/a.py", "a.py"], ["coap/b.py", "b.py"]],
        "deps": [["github:owner/name/lib/lwm2m/package.json", ""]],
        "version": "1.2",
    }


def test_the_package_of_the_root_has_every_file_of_every_package():
    urls = dict(json.loads((ROOT / "package.json").read_text())["urls"])
    expected = {
        "%s/%s" % (package.name, path): "%s/%s" % (package.folder, path)
        for package in PACKAGES.values()
        for path in package.files
    }
    assert urls == expected


@pytest.mark.parametrize("name", PACKAGES)
def test_mpremote_installs_each_package_onto_the_port(unix, name):
    package = PACKAGES[name]
    install(unix, "./%s/package.json" % package.folder)
    files = {"%s/%s" % (name, path) for path in package.files}
    assert files <= installed(unix.folder)
    path = IMPORTS[name].replace(".", "/") + ".py"
    assert import_on(unix, IMPORTS[name]) == "<module '%s' from '%s'>\n" % (IMPORTS[name], path)


def test_the_core_alone_is_a_client(unix):
    install(unix, "lib/lwm2m/core.json")
    assert "lwm2m/client.py" in import_on(unix, "lwm2m.client")
    core = {"lwm2m/" + path for path in PACKAGES["lwm2m"].core}
    assert installed(unix.folder) == core | {"coap/" + path for path in PACKAGES["coap"].core}


def test_a_terminal_ends_while_the_board_prints_and_nobody_reads():
    terminal = Terminal(lambda data: None)
    board = threading.Thread(target=terminal.show, args=(bytes(1_000_000),), daemon=True)
    board.start()
    board.join(0.3)
    assert board.is_alive()  # mpremote is gone, and what it would read is full
    terminal.end()
    board.join(10)
    assert not board.is_alive()
    terminal.close()


def test_a_terminal_ends_whatever_is_typed_last():
    typed = []
    terminal = Terminal(typed.append)
    os.write(os.open(terminal.path, os.O_WRONLY | os.O_NOCTTY), b"\x03" * 100)
    terminal.end()
    terminal.close()
    assert set(b"".join(typed)) <= {3}


@pytest.mark.slow
def test_mpremote_installs_onto_the_emulated_board(tmp_path):
    command.build(PACKAGES, ROOT, tmp_path, str(tmp_path) + "/")
    with Board({}) as board:
        emulated = EmulatedBoard(board)
        try:
            emulated.terminal.mpremote("mip", "install", "lib/drivers/package.json", timeout=120)
            core = str(tmp_path / "lib/lwm2m/core.json")
            emulated.terminal.mpremote("mip", "install", core, timeout=240)
            flow = import_on(emulated, "drivers.simulated_flow", 120)
            client = import_on(emulated, "lwm2m.client", 120)
        finally:
            emulated.close()
    assert "'/lib/drivers/simulated_flow.py'" in flow
    assert "'/lib/lwm2m/client.mpy'" in client or "'/lib/lwm2m/client.py'" in client
