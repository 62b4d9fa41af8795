"""A mutation run: which mutants, which tests, what came of it."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from port import ROOT

from . import on_port
from .mutants import Mutant, mutants
from .running import Runner

LIB = ROOT / "lib"
UNIT = ROOT / "host_tests" / "unit"
# The tests that a package has on CPython; two files compute for minutes.
PACKAGES = {
    "coap": ("coap", "lwm2m"),
    "dtls": ("dtls",),
    "lwm2m": ("lwm2m", "objects", "formats", "firmware"),
}
IGNORED = ("lwm2m/host_only/test_reporting_year.py",)


@dataclass
class Result:
    """What came of it."""

    count: int
    survived: list[Mutant]
    failed: list[str]  # tests that fail without any mutant

    def missed(self, known: dict) -> list[Mutant]:
        """The survivors that are not known to be equivalent."""
        return [mutant for mutant in self.survived if mutant.text_of() not in known]

    def text(self, known: dict) -> str:
        """A summary."""
        if self.failed:
            return "these tests fail without any mutant:\n" + "\n".join(self.failed)
        alive, missed = len(self.survived), len(self.missed(known))
        return "%d mutants, %d killed, %d equivalent, %d survived" % (
            self.count,
            self.count - alive,
            alive - missed,
            missed,
        )


def mutants_of(package: str) -> list[Mutant]:
    """Every mutant of a package."""
    files = sorted(path for path in (LIB / package).rglob("*.py") if path.name != "manifest.py")
    return [each for path in files for each in mutants(path, str(path.relative_to(LIB)))]


def sample(chosen: list[Mutant], share: float, seed: int) -> list[Mutant]:
    """A share of them; whether a mutant is in it depends on nothing but itself and the seed."""
    return [mutant for mutant in chosen if mutant.chance(seed) < share]


def run_mutants(chosen: list[Mutant], jobs: int, report: Callable = lambda *_: None) -> Result:
    """Run the tests against each mutant."""
    result = Result(0, [], [])
    for package, folders in PACKAGES.items():
        group = [mutant for mutant in chosen if mutant.file.startswith(package + "/")]
        if not group:
            continue
        runner = Runner(LIB, group, jobs, report)
        _run_pytest(runner, folders)
        shells = [mutant for mutant in runner.survived if mutant.file in on_port.SHELLS]
        killed = set(shells) - set(on_port.survive(shells, jobs))
        result.count += len(group) - len(runner.none)
        result.survived += [mutant for mutant in runner.survived if mutant not in killed]
        result.failed += runner.failed
    return result


def _run_pytest(runner: Runner, folders: tuple) -> None:
    ignored = ["--ignore=%s" % (UNIT / each) for each in IGNORED]
    arguments = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:faulthandler",
        "--capture=sys",
        *ignored,
    ]
    arguments += [str(UNIT / each) for each in folders]
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        code = pytest.main(arguments, plugins=[runner])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        runner.failed.append(shown.getvalue())
