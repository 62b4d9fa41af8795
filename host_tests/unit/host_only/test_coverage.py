"""At least 90 % of the lines of coap's cores are run by the unit tests on CPython."""

import os
import subprocess
import sys

from port import ROOT

LEAST = 90


def test_the_unit_tests_reach_coaps_lines(tmp_path):
    files = sorted(str(path) for path in (ROOT / "host_tests" / "unit").glob("test_*.py"))
    assert files
    environment = dict(os.environ, COVERAGE_FILE=str(tmp_path / "coverage"))
    run = ["run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "cpython", *files]
    # endpoint.py is MicroPython's asyncio: it is tested inside the port, in port_only/
    only = ["--include=lib/coap/*", "--omit=lib/coap/endpoint.py"]
    report = ["report", "--show-missing", "--fail-under=%d" % LEAST, *only]
    for arguments in (run, report):
        ran = subprocess.run(
            [sys.executable, "-m", "coverage", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        print(ran.stdout)
        assert ran.returncode == 0, ran.stdout + ran.stderr
