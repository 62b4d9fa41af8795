"""MicroPython 1.26.1 and its libraries as Debian's source packages, unpatched, by pinned hashes.

The packages are of the suites trixie and sid, newer than a stable machine's own: they are only
downloaded, through an apt state of their own in the work folder; nothing is installed.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from .failure import FirmwareError

HERE = Path(__file__).resolve().parent
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
# Debian of the day of the pins, for when the mirror has newer packages.
SNAPSHOT = "https://snapshot.debian.org/archive/debian/20261122T000000Z"
BINARY_PACKAGES = ("pico-sdk-source=2.1.1-1", "tinyusb-source=0.18.0+dfsg-1")
SOURCE_PACKAGES = ("micropython=1.26.1+ds-1", "mbedtls=3.6.7-3", "lwip/trixie")
_TREE = "micropython_1.26.1+ds.orig.tar.xz"
_LIBRARIES = {
    "pico-sdk": "pico-sdk-source_2.1.1-1_all.deb",
    "tinyusb": "tinyusb-source_0.18.0+dfsg-1_all.deb",
    "mbedtls": "mbedtls_3.6.7.orig.tar.bz2",
    "lwip": "lwip_2.2.1+dfsg1.orig.tar.xz",
}
# What MicroPython's makefiles look for to believe that its submodules are there.
_MARKS = ("pico-sdk/README.md", "micropython-lib/README.md")


def tree(work: Path) -> Path:
    """Return MicroPython's tree below the work folder, downloaded, verified and unpacked once."""
    place = work / "tree"
    done = place / ".complete"
    if not done.exists():
        download(work)
        _unpack(work / "dl", place)
        done.touch()
    return place


def pins() -> dict[str, str]:
    """Return {file: SHA-256} of all sources."""
    lines = (HERE / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def wrong(folder: Path) -> list[str]:
    """Return the sources that are missing in a folder, or have another hash."""
    return [name for name, digest in pins().items() if _hash(folder / name) != digest]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def download(work: Path) -> None:
    """Fetch what is not there yet; refuse what has another hash than the pinned one."""
    folder = work / "dl"
    if not wrong(folder):
        return
    if not KEYRING.exists() or not shutil.which("apt-get"):
        raise FirmwareError(
            "Debian's sources need apt-get and %s: run on Debian (apt-get install "
            "debian-archive-keyring), or give a checkout with MPY_DIR=" % KEYRING
        )
    problem = _fetch(work, MIRROR)
    if problem and wrong(folder):
        problem = _fetch(work, SNAPSHOT) and problem
    if problem:
        raise FirmwareError(problem)
    if names := wrong(folder):
        raise FirmwareError(
            "%s: not the hash of tools/board_firmware/SHA256SUMS; Debian may have a newer one: "
            "put the named file from snapshot.debian.org into %s" % (", ".join(names), folder)
        )


def _fetch(work: Path, mirror: str) -> str:
    """Download from a mirror; return what failed, or nothing."""
    environment = dict(os.environ, APT_CONFIG=str(_private_apt(work, mirror)))
    for arguments in (
        ["update"],
        ["download", *BINARY_PACKAGES],
        *(["source", "--download-only", one] for one in SOURCE_PACKAGES),
    ):
        command = ["apt-get", "-qq", *arguments]
        ran = subprocess.run(
            command, cwd=work / "dl", env=environment, capture_output=True, text=True
        )
        if ran.returncode:
            last = (ran.stderr.strip().splitlines() or ["no message"])[-1]
            return "apt-get %s at %s: %s" % (" ".join(arguments), mirror, last)
    return ""


def _private_apt(work: Path, mirror: str) -> Path:
    apt = work / "apt"
    for folder in ("sources", "state/lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (work / "dl").mkdir(exist_ok=True)
    (apt / "status").touch()
    for suite in ("trixie", "sid"):
        (apt / "sources" / (suite + ".sources")).write_text(
            "Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n"
            "Check-Valid-Until: no\n" % (mirror, suite, KEYRING)
        )
    config = apt / "apt.conf"
    config.write_text(
        'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "%(apt)s/sources";\n'
        'Dir::State "%(apt)s/state";\nDir::State::status "%(apt)s/status";\n'
        'Dir::Cache "%(apt)s/cache";\nAPT::Sandbox::User "";\n' % {"apt": apt}
    )
    return config


def _unpack(archives: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    _extract(archives / _TREE, place)
    for library, archive in _LIBRARIES.items():
        shutil.rmtree(place / "lib" / library, ignore_errors=True)
        _extract(archives / archive, place / "lib" / library)
    shutil.rmtree(place / "lib" / "pico-sdk" / "lib" / "tinyusb", ignore_errors=True)
    for file in _MARKS:
        (place / "lib" / file).parent.mkdir(exist_ok=True)
        (place / "lib" / file).touch()


def _extract(archive: Path, place: Path) -> None:
    """Unpack an archive's one folder, or what a -source package installs, as `place`."""
    place.mkdir(parents=True)
    if archive.suffix == ".deb":
        whole = place.with_name(place.name + ".deb")
        subprocess.run(["dpkg-deb", "-x", archive, whole], check=True)
        (installed,) = (whole / "usr" / "src").iterdir()
        shutil.copytree(installed, place, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(whole)
    else:
        subprocess.run(["tar", "xf", archive, "-C", place, "--strip-components=1"], check=True)
