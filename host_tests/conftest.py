"""Tests that run twice: on CPython through the shims, and inside MicroPython's Unix port.

The unit tests are plain functions with asserts. One MicroPython
process runs a whole file, when the first of its tests is due; each test reports its own outcome.
"""

import json
import subprocess

import micropython  # noqa: F401 the shim patches what lib/ needs, before lib/ is imported
import pytest
import second_run
from port import ROOT, TIMEOUT_S, on_port

RUNNER = ROOT / "host_tests" / "support" / "run_on_port.py"
UNIT = ROOT / "host_tests" / "unit"
# Of a folder of unit tests by its name; in all others they run on both.
INTERPRETERS = {"port_only": ("micropython",), "host_only": ()}

_outcomes = {}  # of the files that ran on the port: name of a test -> its traceback, or ""


def _outcome(path, name):
    if path not in _outcomes:
        found = {}
        try:
            ran = on_port([RUNNER, path])
            died = "the port ended with status %d\n%s" % (ran.returncode, ran.stderr[-2000:])
            lines = ran.stdout
        except subprocess.TimeoutExpired as error:
            died = "the port was stopped after %d s" % TIMEOUT_S
            lines = (error.stdout or b"").decode()
        for line in lines.splitlines():
            if line.startswith("{"):
                found.update(json.loads(line))
        _outcomes[path] = found, died
    found, died = _outcomes[path]
    return found.get(name, name + " did not report; " + died)


def pytest_generate_tests(metafunc):
    """Give each unit test one case per interpreter."""
    folder = metafunc.definition.path.parent
    interpreters = INTERPRETERS.get(folder.name, ("cpython", "micropython"))
    if UNIT in folder.parents and interpreters:
        metafunc.fixturenames.append("interpreter")
        metafunc.parametrize("interpreter", interpreters)


def pytest_pyfunc_call(pyfuncitem):
    """Take the outcome of a [micropython] case from the port; the rest is pytest's."""
    callspec = getattr(pyfuncitem, "callspec", None)
    if callspec is None or callspec.params.get("interpreter") != "micropython":
        return None
    trace = _outcome(pyfuncitem.path, pyfuncitem.originalname)
    if trace:
        pytest.fail(trace, pytrace=False)
    return True


def pytest_collection_modifyitems(items):
    """In CI, tests against real peers may run a second time."""
    second_run.allow(items)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session):
    """Too many second runs are a failure."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal:
        second_run.fail_if_many(session, terminal.stats.get("rerun", []))
    return (yield)


def pytest_terminal_summary(terminalreporter):
    """Name the tests that ran twice."""
    second_run.summary(terminalreporter, terminalreporter.stats.get("rerun", []))
