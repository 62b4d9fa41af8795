"""Runs the tests of the Unix port against mutants of the asyncio shells, which only it can run."""

import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from port import PORT, PORT_PATH, ROOT

from .mutants import Mutant

SHELLS = {
    "coap/endpoint.py": ("coap/port_only",),
    "coap/awaited.py": ("coap/port_only",),
    "coap/clock.py": ("coap/port_only",),
    "coap/udp.py": ("coap/port_only", "lwm2m/port_only"),
    "coap/wakeup.py": ("coap/port_only",),
    "lwm2m/bootstrap/client.py": ("lwm2m/port_only",),
    "lwm2m/client.py": ("lwm2m/port_only", "coap/port_only"),
    "lwm2m/link.py": ("lwm2m/port_only", "coap/port_only"),
    "lwm2m/persistence.py": ("lwm2m/port_only",),
    "dtls/transport.py": ("dtls/test_dtls_transport.py",),
}
RUNNER = ROOT / "host_tests" / "support" / "run_on_port.py"
WALL_S = 60  # for one file of tests; a mutant may wait for ever


def survive(mutants: list[Mutant], jobs: int, lib: Path = ROOT / "lib") -> list[Mutant]:
    """Those that no test on the port notices."""
    with ThreadPoolExecutor(jobs) as pool:
        alive = pool.map(lambda mutant: _survives(mutant, lib), mutants)
        return [mutant for mutant, survives in zip(mutants, alive) if survives]


def test_files(mutant: Mutant) -> list[Path]:
    """The files of tests that a shell has on the port."""
    files: list[Path] = []
    for name in SHELLS[mutant.file]:
        place = ROOT / "host_tests" / "unit" / name
        files += [place] if place.is_file() else sorted(place.glob("test_*.py"))
    return files


def _survives(mutant: Mutant, lib: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "lib"
        shutil.copytree(lib, copy, ignore=shutil.ignore_patterns("__pycache__"))
        changed = copy / mutant.file
        changed.write_bytes(mutant.mutated(changed.read_bytes()))
        return all(_passes(path, copy) for path in test_files(mutant))


def _passes(path: Path, lib: Path) -> bool:
    """Whether every test of a file passes with this lib/."""
    places = [str(lib), *(str(ROOT / each) for each in PORT_PATH[1:]), ".frozen"]
    environment = dict(os.environ, MICROPYPATH=":".join(places))
    command = [str(PORT), str(RUNNER), str(path)]
    try:
        ran = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=WALL_S
        )
    except subprocess.TimeoutExpired:
        return False
    lines = [json.loads(each) for each in ran.stdout.splitlines() if each.startswith("{")]
    return ran.returncode == 0 and not any(trace for each in lines for trace in each.values())
