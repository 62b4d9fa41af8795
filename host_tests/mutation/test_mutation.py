"""Of the mutants of lib/, a sample that changes only where the code does: none survives unseen."""

import subprocess
import sys

import pytest
from host_tests.mutation import run
from host_tests.mutation.equivalents import PATH, reasons
from host_tests.mutation.mutants import mutants
from port import ROOT

SHARE = {"coap": 0.04, "dtls": 0.005, "lwm2m": 0.05}


def write(tmp_path, text):
    path = tmp_path / "module.py"
    path.write_text(text)
    return {mutant.text_of().split("\n", 1)[1] for mutant in mutants(path, "module.py")}


def test_every_kind_of_change_is_made(tmp_path):
    text = "def f(a, b=1):\n    if a < b and not g(a, k=b):\n        h(a)\n    return -a + 0x0F\n"
    line, last = "- if a < b and not g(a, k=b):\n+ ", "- return -a + 0x0F\n+ "
    assert write(tmp_path, text) == {
        "- def f(a, b=1):\n+ def f(a, b=2):",
        line + "if a <= b and not g(a, k=b):",
        line + "if a < b or not g(a, k=b):",
        line + "if a < b and g(a, k=b):",
        line + "if a < b and not g(a):",
        line + "if not (a < b and not g(a, k=b)):",
        "- h(a)\n+ pass",
        last + "pass",
        last + "return a + 0x0F",
        last + "return -a - 0x0F",
        last + "return -a + 0x10",
    }


def test_docstrings_annotations_imports_and_the_log_are_left_alone(tmp_path):
    text = 'import a\n\ndef f(b: "c") -> "d":\n    """e"""\n    self.log(1, "g")\n    h: "i"\n'
    assert write(tmp_path, text) == set()


def test_a_mutant_stays_the_same_when_other_lines_come_before_it(tmp_path):
    text = "def f(a):\n    return a + 1\n"
    assert write(tmp_path, text) <= write(tmp_path, "def g(b):\n    g(b)\n\n\n" + text)


def test_every_equivalent_that_is_listed_is_still_a_mutant():
    known = {mutant.text_of() for package in run.PACKAGES for mutant in run.mutants_of(package)}
    assert set(reasons(PATH)) <= known


@pytest.mark.slow
@pytest.mark.parametrize("package", run.PACKAGES)
def test_no_mutant_of_the_sample_survives(package):
    command = [sys.executable, "-m", "host_tests.mutation", "--package", package]
    command += ["--share", str(SHARE[package])]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
