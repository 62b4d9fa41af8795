"""The unit tests on 32 bits with single-precision floats: RISC-V 32 (the core of an ESP32-C3) all
that need no network, Cortex-M3 those of formats, records and storage."""

import shutil
from pathlib import Path

import pytest
from host_tests.interop.dtls.conftest import cannot
from host_tests.interop.dtls.peers import apt
from host_tests.qemu import build, machine
from host_tests.qemu.machine import ARM, RISCV, ROOT, Machine
from tools.board_firmware.failure import FirmwareError

UNIT = ROOT / "host_tests" / "unit"
# What a file of tests needs and this port has not, or what makes it too slow here.
LEFT_OUT = {
    "boards": "the boards' modules",
    "dtls/test_dtls_cost.py": "CPU time",
    "dtls/test_dtls_faults.py": "more than a minute",
    "dtls/test_dtls_forged.py": "20 s: the records and the handshake are tested by others",
    "coap/test_exchange_requests.py": "20 s",
    "firmware/port_only": "sockets",
    "lwm2m/port_only/test_losses.py": "12 s",
    "lwm2m/test_notify.py": "19 s",
}
# Their expected value is a double or today's time of the interpreter that runs them; no FAT here.
NOT_HERE = {
    "test_doubles_are_rounded_half_to_even_in_their_last_place",
    "test_integers_below_2_64_are_exact_in_cbor_and_others_the_shortest",
    "test_doubles_are_the_nearest",
    "test_without_a_clock_the_time_is_the_ports",
    "test_a_configuration_on_fat_is_the_old_or_the_new_one",
}
ON_ARM = ("formats", "nvstore", "dtls/test_dtls_record.py", "dtls/test_dtls_vectors.py")


def _chosen(left_out: tuple[str, ...], only: tuple[str, ...] = ("",)) -> list[str]:
    found = (path.relative_to(UNIT).as_posix() for path in sorted(UNIT.rglob("test_*.py")))
    return [
        name
        for name in found
        if name.startswith(only) and not name.startswith(left_out) and _runs(UNIT / name)
    ]


def _runs(path: Path) -> bool:
    """Has a file no need of CPython alone, nor of sockets?"""
    text = path.read_text()
    return "host_only" not in path.parts and "import socket" not in text and "from far" not in text


CASES = [(RISCV, name) for name in _chosen(tuple(LEFT_OUT))]
CASES += [(ARM, name) for name in _chosen(tuple(LEFT_OUT), ON_ARM)]


@pytest.fixture(scope="session")
def firmware():
    """Build a machine's firmware when it is first asked for."""
    programs = (*build.PROGRAMS, *(one.command[0] for one in machine.MACHINES))
    if any(not shutil.which(program) for program in programs):
        apt(*build.PACKAGES)
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        cannot("no %s: apt-get install %s" % (", ".join(missing), " ".join(build.PACKAGES)))
    try:
        return {one: build.firmware(one) for one in machine.MACHINES}
    except FirmwareError as error:
        return cannot(str(error))


@pytest.mark.slow
@pytest.mark.parametrize(("on", "name"), CASES, ids=lambda one: getattr(one, "board", one))
def test_it_holds_on_32_bits(on: Machine, name: str, firmware: dict, tmp_path: Path):
    outcomes = machine.run(on, firmware[on], UNIT / name, tmp_path)
    failed = {test: trace for test, trace in outcomes.items() if trace and test not in NOT_HERE}
    assert not failed, "\n".join("%s\n%s" % item for item in failed.items())
