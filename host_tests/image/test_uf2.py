"""UF2 of both chips: families, the errata that a boot loader needs worked around, damage."""

import struct

import pytest
import stock_images
from tools.image import firmware, uf2
from tools.image.failure import ImageError

BASE = uf2.FLASH_BASE
PAGES = {BASE + at: bytes([at >> 8]) * 256 for at in range(0, 4096, 256)}


def heads(data: bytes) -> list[tuple]:
    """Flags, address, size, number, total and family of each block."""
    return [struct.unpack_from("<6I", data, at + 8) for at in range(0, len(data), 512)]


def test_an_rp2350_gets_the_block_of_erratum_e10_first():
    """As picotool writes it: without it the boot loader does not leave (RP2350-E10)."""
    data = uf2.write(PAGES, uf2.FAMILY_RP2350_ARM_S)
    first, *rest = heads(data)
    assert first == (0xA000, 0x10FFFF00, 256, 0, 2, 0xE48BFF57)
    assert data[32:292] == b"\xef" * 256 + struct.pack("<I", 0x9957E304)
    assert [block[3] for block in rest] == list(range(16))
    assert {block[4:] for block in rest} == {(16, 0xE48BFF59)}
    assert uf2.load(data) == (uf2.FAMILY_RP2350_ARM_S, PAGES)


def test_an_rp2040_gets_no_such_block():
    assert {block[5] for block in heads(uf2.write(PAGES))} == {0xE48BFF56}
    assert uf2.load(uf2.write(PAGES)) == (uf2.FAMILY_RP2040, PAGES)


def test_each_sector_is_written_whole_but_for_the_end_of_the_last():
    """What is missing in a sector may be lost with the rest of it (RP2040-E14)."""
    pages = {BASE: b"a" * 256, BASE + 0x1F00: b"b" * 256, BASE + 0x5100: b"c" * 256}
    whole = uf2.read(uf2.write(pages))
    places = [*range(0, 0x2000, 256), 0x5000, 0x5100]
    assert sorted(whole) == [BASE + at for at in places]
    assert pages.items() <= whole.items()
    assert {data for at, data in whole.items() if at not in pages} == {b"\xff" * 256}


@pytest.mark.parametrize("family", [uf2.FAMILY_RP2040, uf2.FAMILY_RP2350_ARM_S])
def test_a_file_that_is_cut_off_is_said_to_be(family):
    data = uf2.write(PAGES, family)
    with pytest.raises(ImageError, match="old.uf2 has 15 of 16 blocks: fetch it anew"):
        uf2.load(data[:-512], "old.uf2")
    with pytest.raises(ImageError, match="not a multiple of 512: fetch it anew"):
        uf2.load(data[:-100], "old.uf2")


def test_a_file_for_two_chips_is_refused():
    with pytest.raises(ImageError, match="x.uf2 is for 2 chips: take one for one chip"):
        uf2.load(uf2.write(PAGES) + uf2.write(PAGES, uf2.FAMILY_RP2350_ARM_S), "x.uf2")


@pytest.mark.parametrize(
    "family, chip", [(0xE48BFF56, "RP2040"), (0xE48BFF59, "RP2350"), (0xE48BFF5A, "RP2350")]
)
def test_the_family_tells_the_chip(family, chip):
    data = stock_images.rp2("1.28.0", [(0x180000, 0x280000)], family)
    base = firmware.parse(data, "x.uf2")
    assert (base.chip, base.version) == (chip, "1.28.0")
    assert (base.address, base.size, base.rom_size) == (BASE + 0x180000, 0x280000, 0)


def test_another_family_is_named():
    base = firmware.parse(stock_images.rp2("1.28.0", [(0, 4096)], 0x621E937A), "x.uf2")
    assert base.chip == "chip of UF2 family 0x621E937A"


def test_a_table_that_points_outside_is_one_line():
    """UF2 has no checksum: what was damaged on the way is still a UF2."""
    data = bytearray(stock_images.rp2("1.29.0", [(0x12C000, 848 * 1024)]))
    data[512 + 32 + 8 : 512 + 32 + 12] = b"\x00\x03\x00\x10"  # of the binary info: its end
    with pytest.raises(ImageError, match="x.uf2 is damaged .*: fetch it anew"):
        firmware.parse(bytes(data), "x.uf2")
