"""At least 90 % of the lines of each core module are run by the unit tests on CPython."""

import json
import os
import subprocess
import sys

from port import ROOT

LEAST = 90
COAP = (
    "awaited",
    "blockwise",
    "budget",
    "deduplication",
    "incoming",
    "message",
    "outgoing",
    "peer",
    "transfer",
)  # endpoint is MicroPython's asyncio: tested in port_only/
LWM2M = ("model", "registration")
LWM2M += tuple("management/" + name for name in ("access", "answer", "attributes", "composite"))
LWM2M += tuple("management/" + name for name in ("deferred", "discover", "dispatch", "execute"))
LWM2M += tuple("management/" + name for name in ("read", "upload", "write"))
LWM2M += tuple(
    "reporting/" + name
    for name in (
        "notify",
        "observe",
        "persistence",
        "schedule",
        "send",
        "slow",
        "stored",
        "weight",
    )
)


def test_the_unit_tests_reach_the_lines(tmp_path):
    files = sorted(str(path) for path in (ROOT / "host_tests" / "unit").glob("[!h]*/test_*.py"))
    assert files
    environment = dict(os.environ, COVERAGE_FILE=str(tmp_path / "coverage"))
    run = ["run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "cpython", *files]
    report = ["json", "--include=lib/coap/*,lib/lwm2m/*", "-o", str(tmp_path / "found")]
    for arguments in (run, report):
        ran = subprocess.run(
            [sys.executable, "-m", "coverage", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((tmp_path / "found").read_text())["files"]
    wanted = ["lib/coap/%s.py" % name for name in COAP]
    wanted += ["lib/lwm2m/%s.py" % name for name in LWM2M]
    short = {}
    for name in wanted:
        part = found[name]
        percent = part["summary"]["percent_covered"]
        print("%-30s %5.1f %%" % (name, percent))
        if percent < LEAST:
            short[name] = percent, part["missing_lines"]
    assert not short
