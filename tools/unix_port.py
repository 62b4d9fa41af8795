"""MicroPython's Unix port where no wheel has it, as on aarch64: one that is there, or built here.

In this order: MICROPYTHON=path in the environment; a `micropython` of the PATH that is new enough
(Debian's, from sid); Debian's source packages by their pinned hashes, compiled in about two
minutes on a Raspberry Pi 4. `python3 tools/unix_port.py PATH` does the same, on any machine.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "unix_port"
OLDEST = (1, 26)  # as on boards: 1.25's asyncio and LittleFS differ
MIRROR = "http://deb.debian.org/debian/pool/main"
# What the boards' firmware is built from, too: its SHA256SUMS has the hashes.
SUMS = ROOT / "tools" / "board_firmware" / "SHA256SUMS"
VERSION = "v1.26.1"
SOURCES = (  # file, folder of the mirror, place in the tree
    ("micropython_1.26.1+ds.orig.tar.xz", "m/micropython", ""),
    ("mbedtls_3.6.7.orig.tar.bz2", "m/mbedtls", "lib/mbedtls"),
)
MANIFEST = 'include("$(MPY_DIR)/extmod/asyncio")\n'
# What Debian's package leaves out, and the meter does not use.
OPTIONS = ("MICROPY_PY_BTREE=0", "MICROPY_PY_FFI=0")
NEEDED = ("gcc", "make")


def provide(place: pathlib.Path, fail) -> None:
    """Put a MicroPython at `place`; `fail(line)` where none can be had."""
    given = os.environ.get("MICROPYTHON")
    found = given or shutil.which("micropython")
    if found:
        version = version_of(found)
        if version >= OLDEST:
            link(pathlib.Path(found).resolve(), place)
            return
        if given:
            what = "version %d.%d" % version if version else "no MicroPython"
            fail("MICROPYTHON=%s is %s: %d.%d or newer is needed" % (given, what, *OLDEST))
    missing = [tool for tool in NEEDED if not shutil.which(tool)]
    if missing:
        fail(
            "MicroPython's Unix port has no wheel for this machine, and %s to build it is missing:"
            " apt-get install gcc make, or set MICROPYTHON=/path/to/micropython (%d.%d or newer)"
            % (" and ".join(missing), *OLDEST)
        )
    print("set-up: building MicroPython's Unix port, some minutes", file=sys.stderr)
    link(build(fail), place)


def version_of(program: str) -> tuple:
    """Return (major, minor) of a MicroPython; () where it is none or does not start."""
    ask = "import sys; print(*sys.implementation[1][:2]) if sys.platform == 'linux' else None"
    try:
        done = subprocess.run([program, "-c", ask], capture_output=True, text=True, timeout=20)
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ()


def link(program: pathlib.Path, place: pathlib.Path) -> None:
    """Have `place` lead to the program."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(program)


def build(fail) -> pathlib.Path:
    """Compile the sources; return the program."""
    tree = WORK / "micropython"
    program = tree / "ports" / "unix" / "build-standard" / "micropython"
    if program.exists():
        return program
    shutil.rmtree(tree, ignore_errors=True)
    for file, folder, where in SOURCES:
        archive = fetch(file, "%s/%s/%s" % (MIRROR, folder, file), fail)
        unpack(archive, tree / where)
    # micropython-lib is not in Debian's package; its file here says to the Makefile that it is.
    (tree / "lib" / "micropython-lib").mkdir(exist_ok=True)
    (tree / "lib" / "micropython-lib" / "README.md").touch()
    manifest = WORK / "manifest.py"
    manifest.write_text(MANIFEST)
    make(tree / "mpy-cross", (), fail)
    make(tree / "ports" / "unix", (*OPTIONS, "FROZEN_MANIFEST=%s" % manifest), fail)
    return program


def fetch(file: str, url: str, fail) -> pathlib.Path:
    """Return a source archive: the one that is here, or downloaded; its hash is checked."""
    wanted = dict(reversed(line.split()) for line in SUMS.read_text().splitlines())[file]
    place = WORK / file
    if not place.exists():
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                data = answer.read()
        except (OSError, urllib.error.URLError) as error:
            reason = getattr(error, "reason", error)
            fail("%s: %s: put the file, from snapshot.debian.org, in %s" % (url, reason, WORK))
        WORK.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    if hashlib.sha256(place.read_bytes()).hexdigest() != wanted:
        fail("%s is not the file of %s: remove it and start again" % (place, SUMS.name))
    return place


def unpack(archive: pathlib.Path, folder: pathlib.Path) -> None:
    """Unpack an archive's one folder as `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    # Python 3.11.2, Debian 12's, has no filters yet; the archive's hash was checked.
    safely = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}
    with tarfile.open(archive) as content:
        for member in content.getmembers():
            _, slash, member.name = member.name.partition("/")
            if slash and member.name:
                content.extract(member, folder, **safely)


def make(folder: pathlib.Path, options: tuple, fail) -> None:
    """Run make; its output is kept in a file beside."""
    log = WORK / (folder.name + ".log")
    command = ["make", "-C", str(folder), "-j%d" % (os.cpu_count() or 1), *options]
    # Else it takes the version from the git checkout that it lies in, which is not its own.
    version = {"MICROPY_GIT_TAG": VERSION, "MICROPY_GIT_HASH": VERSION}
    environment = {**os.environ, **version}
    with open(log, "w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    if done.returncode:
        fail("make -C %s failed: %s has its output" % (folder, log))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python3 tools/unix_port.py PATH")
    provide(pathlib.Path(sys.argv[1]), lambda line: sys.exit("unix port: " + line))
