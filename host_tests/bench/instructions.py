"""Instructions that the meter runs per Read, as valgrind counts them.

They are the same on each machine and whatever else runs there, which processor time is not. So it
is this limit that finds a slower Read; measure.py has the ratio to aiocoap.
"""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from host_tests.bench import load

LIMIT = 213_000  # per Read of /3/0/0 over coap
WARM_UP = 300
READS = 1000
PATIENCE_S = 30  # of one datagram: the meter runs some 50 times as slow
TOOL = ("valgrind", "--tool=cachegrind", "--cache-sim=no")


def lacking() -> str:
    """Return why nothing can be counted here, or an empty text."""
    if not shutil.which("valgrind") and os.environ.get("CI") == "true" and os.geteuid() == 0:
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update"], ["install", "-y", "--no-install-recommends", "valgrind"]):
            subprocess.run(["apt-get", "-q", *command], env=quiet, capture_output=True)
    return (
        "" if shutil.which("valgrind") else "valgrind is not installed: apt-get install valgrind"
    )


def _count(folder: Path, reads: int) -> int:
    # Instructions of a whole life with so many Reads
    log = folder / ("reads-%d.txt" % reads)
    options = ["--log-file=%s" % log, "--cachegrind-out-file=/dev/null"]
    side = load.meter(under=[*TOOL, *options], patience=PATIENCE_S)
    try:
        side.reads(reads)
        side.process.send_signal(signal.SIGTERM)
        side.process.wait(PATIENCE_S)
    finally:
        side.close()
    counted = re.search(r"I +refs: +([\d,]+)", log.read_text())
    return int(counted[1].replace(",", ""))


def per_read(folder: Path) -> float:
    """Return the instructions of one Read; start, import and registration are taken off."""
    return (_count(folder, WARM_UP + READS) - _count(folder, WARM_UP)) / READS
