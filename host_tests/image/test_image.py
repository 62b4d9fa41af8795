"""tools.image: profiles, compiling, LittleFS, UF2, and what a user sees of a mistake."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tools.image import compiler, filesystem, firmware, profile, romfs, uf2
from tools.image.failure import ImageError

UF2 = compiler.ROOT / "boards" / "METER_PPP" / "METER_PPP-1.26.1.uf2"


@pytest.fixture(scope="module")
def meter_ppp() -> firmware.Firmware:
    return firmware.load(UF2)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {
        "lib/coap/message.py": "A = 1\n",
        "lib/coap/test_message.py": "B = 1\n",
        "lib/coap/manifest.py": "package('coap')\n",
        "boards/X/main.py": "import meter\n",
        "boards/X/board.py": "PINS = ()\n",
        "own.json": "{}",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def read(tree: Path, text: str) -> list[profile.Entry]:
    (tree / "profile.txt").write_text(text)
    return profile.read(tree / "profile.txt", tree)


def test_the_firmware_tells_its_file_system(meter_ppp):
    assert (meter_ppp.version, meter_ppp.address) == ("1.26.1", 0x10180000)
    assert (meter_ppp.block_count, meter_ppp.disk_version) == (128, 0x00020001)


def test_the_firmware_tells_its_romfs(meter_ppp):
    assert (meter_ppp.rom_address, meter_ppp.rom_size) == (0x10140000, 256 * 1024)


def test_romfs_takes_the_modules_and_the_file_system_the_rest():
    files = {"/lib/a.mpy": b"1", "/meter.mpy": b"2", "/main.py": b"3", "/config.json": b"4"}
    rom, rest = romfs.split(files)
    assert (set(rom), set(rest)) == (
        {"/lib/a.mpy", "/meter.mpy"},
        {"/main.py", "/config.json"},
    )


def test_a_romfs_that_is_full_or_not_there_is_a_mistake(meter_ppp):
    with pytest.raises(ImageError, match="do not fit: the ROMFS has 262144"):
        romfs.build({"/big.mpy": bytes(262_144)}, meter_ppp)
    with pytest.raises(ImageError, match="1.26.1 has no ROMFS here"):
        romfs.build({}, replace(meter_ppp, rom_size=0))


def test_older_firmware_gets_the_older_disk_version(meter_ppp):
    assert firmware.Firmware({}, "1.25.0", 0, 0).disk_version == 0x00020000
    assert firmware.Firmware({}, "1.27.0-preview", 0, 0).disk_version == 0x00020001


def test_the_committed_firmware_is_the_one_of_the_hashes():
    folder = UF2.parent
    done = subprocess.run(["sha256sum", "-c", "--ignore-missing", "SHA256SUMS"], cwd=folder)
    assert done.returncode == 0


def test_a_file_system_is_read_back(meter_ppp):
    files = {"/main.py": b"1", "/lib/coap/message.mpy": bytes(9000), "/empty": b""}
    image = filesystem.build(files, meter_ppp)
    assert len(image) == 512 * 1024
    assert filesystem.read(image, meter_ppp) == files


def test_a_file_system_that_is_full_names_the_file(meter_ppp):
    with pytest.raises(ImageError, match=r"/big \(600000 bytes\) does not fit"):
        filesystem.build({"/big": bytes(600_000)}, meter_ppp)


def test_a_uf2_is_written_as_it_was_read(meter_ppp):
    data = UF2.read_bytes()
    assert uf2.write(uf2.read(data)) == data
    assert uf2.from_binary(uf2.flash_of(meter_ppp.pages)) == data


def test_erased_pages_are_left_out():
    pages = uf2.pages_of(b"\xff" * 256 + b"a" * 100 + b"\xff" * 600, 0x10180000)
    assert list(pages) == [0x10180100]
    assert len(uf2.flash_of(pages)) == 0x180200


@pytest.mark.parametrize("data", [b"", bytes(511), bytes(512)])
def test_what_is_no_uf2_is_a_mistake(data):
    with pytest.raises(ImageError, match="fetch it anew"):
        uf2.read(data)


def test_a_firmware_of_something_else_is_a_mistake(tmp_path):
    (tmp_path / "other.uf2").write_bytes(uf2.from_binary(bytes(2048)))
    with pytest.raises(ImageError, match="is it MicroPython for rp2"):
        firmware.load(tmp_path / "other.uf2")


def test_a_profile_names_folders_files_and_device_paths(tree):
    entries = read(tree, "lib/coap  # all\n\nboards/X\nconfig.json = own.json\n")
    assert [entry.device for entry in entries] == [
        "/lib/coap/message.py",
        "/board.py",
        "/main.py",
        "/config.json",
    ]
    assert [entry.module for entry in entries[:3]] == ["coap.message", "board", "main"]


def test_modules_are_compiled_and_main_is_not(tree):
    files = profile.build_files(read(tree, "lib/coap\nboards/X/main.py\nx.json = own.json"))
    assert sorted(files) == ["/lib/coap/message.mpy", "/main.py", "/x.json"]
    assert files["/lib/coap/message.mpy"][:2] == b"M\x06"
    assert files["/main.py"] == b"import meter\n"


@pytest.mark.parametrize("line", ["lib/gone", "config.json = gone.json", "x.json ="])
def test_a_profile_of_what_is_not_there_names_the_line(tree, line):
    with pytest.raises(ImageError, match="profile.txt, line 2"):
        read(tree, "lib/coap\n" + line)


def test_a_file_that_comes_twice_is_a_mistake(tree):
    with pytest.raises(ImageError, match="comes twice"):
        profile.build_files(read(tree, "lib/coap\nlib/coap/message.py"))


def test_a_module_that_does_not_compile_is_named(tree):
    (tree / "lib/coap/message.py").write_text("def (")
    with pytest.raises(ImageError, match="message.py does not compile: SyntaxError"):
        profile.build_files(read(tree, "lib/coap"))


def test_a_change_is_compiled_anew(tree):
    source = tree / "lib/coap/message.py"
    before = compiler.compile_module(source, "m.py")
    assert compiler.compile_module(source, "m.py") == before
    source.write_text("A = 2\n")
    assert compiler.compile_module(source, "m.py") != before


def image(*options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tools.image", *options]
    return subprocess.run(command, cwd=compiler.ROOT, capture_output=True, text=True)


def test_the_command_joins_firmware_and_files(tree, meter_ppp):
    out = tree / "out.uf2"
    (tree / "empty.txt").write_text("# nothing\n")
    given = ("--profile", str(tree / "empty.txt"), "--file", "x.json=%s" % (tree / "own.json"))
    done = image(*given, "--out", str(out), "--file-system", str(tree / "fs.bin"))
    assert done.returncode == 0, done.stderr
    assert "MicroPython 1.26.1, 1 files, 2 bytes" in done.stdout
    pages = uf2.read(out.read_bytes())
    assert meter_ppp.pages.items() <= pages.items()
    disk = uf2.flash_of(pages)[0x180000:].ljust(512 * 1024, b"\xff")
    assert filesystem.read(disk, meter_ppp) == {"/x.json": b"{}"}
    assert (tree / "fs.bin").read_bytes() == disk


def test_the_command_puts_modules_into_slot_a_of_the_romfs(tree, meter_ppp):
    (tree / "lib.txt").write_text("lib/lwm2m/uri.py\n")
    given = ("--profile", str(tree / "lib.txt"), "--file", "x.json=%s" % (tree / "own.json"))
    done = image(*given, "--out", str(tree / "out.uf2"))
    assert done.returncode == 0, done.stderr
    assert "blocks, ROMFS " in done.stdout
    flash = uf2.flash_of(uf2.read((tree / "out.uf2").read_bytes()))
    module = compiler.compile_module(compiler.ROOT / "lib/lwm2m/uri.py", "lwm2m/uri.py")
    rom = romfs.build({"/lwm2m/uri.mpy": module}, meter_ppp)
    assert flash[0x140000:0x160000].startswith(rom)
    disk = flash[0x180000:].ljust(512 * 1024, b"\xff")
    assert filesystem.read(disk, meter_ppp) == {"/x.json": b"{}"}


def test_an_image_without_modules_empties_the_romfs_of_the_one_before(tree, meter_ppp):
    """MicroPython looks there before it looks into /lib: old modules would be imported."""
    (tree / "empty.txt").write_text("# nothing\n")
    image("--profile", str(tree / "empty.txt"), "--out", str(tree / "out.uf2"))
    flash = uf2.flash_of(uf2.read((tree / "out.uf2").read_bytes()))
    assert flash[0x140000:0x140004] == romfs.build({}, meter_ppp)


def test_a_romfs_is_read_back():
    files = {"/a.mpy": b"1", "/coap/peer.mpy": bytes(70_000), "/coap/x/y.mpy": b"", "/b.mpy": b"2"}
    assert romfs.read(romfs.image({path[1:]: files[path] for path in files}, 1 << 20)) == files
    with pytest.raises(ImageError, match="there is no ROMFS"):
        romfs.read(b"\xff" * 4096)


def test_the_command_tells_a_mistake_in_one_line(tree):
    done = image("--file", "nothing")
    assert done.returncode == 1
    assert done.stderr == "image: --file nothing: give DEVICE=HOST, HOST an existing file\n"
    done = image("--board", "NO_SUCH")
    assert done.stderr.startswith("image: board NO_SUCH: no such board: give one of ESP32_GENERIC")
