"""A second run, in CI, for a test that failed against peers that live in real time.

CI's machine is shared: a peer may be stopped for seconds. Who needed the second run is named at
the end of the report, and more than a few of them fail the whole run.
"""

import os
from pathlib import Path

import pytest

LIMIT = 4  # tests of one run of pytest
FOLDERS = ("devserver", "docs", "emulator", "flashing", "hosts", "interop")
_HOST_TESTS = Path(__file__).resolve().parents[1]


def allow(items: list) -> None:
    """Mark the tests that may run twice."""
    if os.environ.get("CI") != "true":
        return
    for item in items:
        if item.path.relative_to(_HOST_TESTS).parts[0] in FOLDERS:
            item.add_marker(pytest.mark.flaky(reruns=1))


def fail_if_many(session: pytest.Session, needed: list) -> None:
    """Fail the run where too many needed a second one. `needed` are reports."""
    if len({report.nodeid for report in needed}) > LIMIT and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def summary(terminal, needed: list) -> None:
    """Name those that needed it."""
    if needed:
        names = sorted({report.nodeid for report in needed})
        terminal.section("ran twice: %d, at most %d may" % (len(names), LIMIT), sep="=")
        for report in needed:
            terminal.line(report.nodeid)
            terminal.line(report.longreprtext[-2000:])
