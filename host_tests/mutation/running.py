"""Runs the unit tests against mutants, each in a fork of one pytest that has collected them."""

import os
import pickle
import resource
import select
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import coverage
import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from .apply import Loaded, NoEffect
from .mutants import Mutant

CPU_S = 4  # and WALL_S: for the tests of one mutant, beyond what they take without it
WALL_S = 180
MEMORY = 2 << 30  # bytes of address space more than the parent has
KILLED, SURVIVED, NONE = 0, 1, 2


class Trace:
    """Which lines of lib/ each test runs, and how long it takes."""

    def __init__(self, lib: Path) -> None:
        self.root = str(lib) + "/"
        self.seconds: dict[int, float] = {}
        self.passed: dict[int, bool] = {}
        self.coverage = coverage.Coverage(None, config_file=False, source=[str(lib)])

    def run(self, index: int, item: pytest.Item, following: pytest.Item | None) -> None:
        """Run a test that is known by a number."""
        began = time.process_time()
        self.coverage.switch_context(str(index))
        self.passed[index] = passes(item, following)
        self.seconds[index] = time.process_time() - began

    def found(self) -> dict[int, tuple[bool, float, set]]:
        """By number: whether the test passes, its seconds of CPU, its (file, line)."""
        lines: dict[int, set] = {index: set() for index in self.seconds}
        data = self.coverage.get_data()
        for path in data.measured_files():
            file = path.removeprefix(self.root)
            for line, indices in data.contexts_by_lineno(path).items():
                for index in filter(None, indices):
                    lines[int(index)].add((file, line))
        return {index: (self.passed[index], self.seconds[index], lines[index]) for index in lines}


def passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Run one test."""
    reports = runtestprotocol(item, nextitem=following, log=False)
    return not any(report.failed for report in reports)


class Forks:
    """At most `jobs` children at a time; each hands one object back through a pipe.

    Each has its own working directory: a test may write files, below `build` of where it runs.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.folder = tempfile.TemporaryDirectory(prefix="mutation-")
        self.pipes: dict[int, tuple] = {}

    def start(self, key: object, work: Callable[[], object]) -> None:
        """Do `work` in a child. Wait for room with `finished` before."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            self.pipes[pid] = key, reading
            return
        code = 1
        try:
            os.close(reading)
            os.chdir(tempfile.mkdtemp(dir=self.folder.name))
            with open(writing, "wb") as pipe:
                pickle.dump(work(), pipe)
            code = 0
        finally:
            os._exit(code)

    def finished(self) -> tuple[object, object]:
        """The key of a child that has ended, and what it found; None if it was stopped."""
        # A child that has much to say does not end before somebody has read it.
        ready, _, _ = select.select([fd for _, fd in self.pipes.values()], [], [])
        pid = next(pid for pid, (_, fd) in self.pipes.items() if fd == ready[0])
        key, reading = self.pipes.pop(pid)
        with open(reading, "rb") as pipe:
            data = pipe.read()
        _, status = os.waitpid(pid, 0)
        return key, pickle.loads(data) if status == 0 else None

    def all(self, works: Iterator[tuple[object, Callable]]) -> Iterator[tuple[object, object]]:
        """Do all of it; the results as they come."""
        for key, work in works:
            while len(self.pipes) >= self.jobs:
                yield self.finished()
            self.start(key, work)
        while self.pipes:
            yield self.finished()


def limit(seconds: float) -> None:
    """End this process when it takes too long or too much: a mutant's loop may have no end."""
    cpu = int(seconds + CPU_S)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(seconds * 4 + WALL_S))


class Runner:
    """The plugin: takes the place of pytest's own loop."""

    def __init__(self, lib: Path, mutants: list[Mutant], jobs: int, report: Callable) -> None:
        self.lib, self.mutants, self.forks, self.report = lib, mutants, Forks(jobs), report
        self.survived: list[Mutant] = []
        self.none: list[Mutant] = []
        self.failed: list[str] = []  # tests that fail without a mutant
        self.traced: dict[int, tuple[float, set]] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        """The same examples in each run, and none made smaller: one is enough."""
        phases = hypothesis.Phase.explicit, hypothesis.Phase.generate
        hypothesis.settings.register_profile(
            "mutation", derandomize=True, database=None, phases=phases, deadline=None
        )
        hypothesis.settings.load_profile("mutation")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list) -> None:
        """CPython only, and no test of `make test-all` only."""
        items[:] = [item for item in items if not _left_out(item)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The tests once as they are, then each mutant."""
        self.items = session.items
        loaded = Loaded(self.lib, sorted({mutant.file for mutant in self.mutants}))
        self._trace()
        if self.failed:
            return True
        works = ((m, lambda m=m: self._outcome(loaded, m)) for m in self.mutants)
        for mutant, found in self.forks.all(works):
            if found == SURVIVED:
                self.survived.append(mutant)
            elif found == NONE:
                self.none.append(mutant)
            self.report(mutant, found)
        return True

    def _trace(self) -> None:
        jobs = self.forks.jobs
        shares = [range(index, len(self.items), jobs) for index in range(jobs)]
        works = (
            (index, lambda share=share: self._traces(share)) for index, share in enumerate(shares)
        )
        for _, found in self.forks.all(works):
            for index, (passed, seconds, lines) in found.items():
                self.traced[index] = seconds, lines
                if not passed:
                    self.failed.append(self.items[index].nodeid)

    def _traces(self, share: range) -> dict[int, tuple]:
        trace = Trace(self.lib)
        trace.coverage.start()
        for at, index in enumerate(share):
            trace.run(index, self.items[index], self._after(share, at))
        trace.coverage.stop()
        return trace.found()

    def _after(self, share: range | list, at: int) -> pytest.Item | None:
        return self.items[share[at + 1]] if at + 1 < len(share) else None

    def _outcome(self, loaded: Loaded, mutant: Mutant) -> int:
        """Whether a test notices it; this is the child."""
        chosen = self._reaching(mutant)
        limit(sum(self.traced[index][0] for index in chosen))
        try:
            loaded.apply(mutant)
        except NoEffect:
            return NONE
        except Exception:  # noqa: BLE001 it cannot be imported, which any test notices
            return KILLED
        for at, index in enumerate(chosen):
            if not passes(self.items[index], self._after(chosen, at)):
                return KILLED
        return SURVIVED

    def _reaching(self, mutant: Mutant) -> list[int]:
        """The tests that run it, the quickest first; all, where it only runs at the import."""
        first, last = mutant.lines
        wanted = {(mutant.file, line) for line in range(first, last + 1)}
        chosen = list(self.traced)
        if not mutant.imported:
            chosen = [index for index in chosen if wanted & self.traced[index][1]]
        else:
            in_file = [
                i for i in chosen if any(file == mutant.file for file, _ in self.traced[i][1])
            ]
            chosen = in_file or chosen
        return sorted(chosen, key=lambda index: self.traced[index][0])


def _left_out(item: pytest.Item) -> bool:
    spec = getattr(item, "callspec", None)
    if spec is not None and spec.params.get("interpreter") == "micropython":
        return True
    return item.get_closest_marker("slow") is not None
