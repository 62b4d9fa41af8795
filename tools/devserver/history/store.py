"""The history: every value of Reads, notifications and Sends, with its time.

Engines hand over answers and events; samples are kept by (endpoint, path of the value), ordered by
time, and bounded: the oldest of a path goes first, or of the fullest path when all are too many.
"""

import bisect
import math
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import CommandError

PER_PATH = 10_000  # samples of one resource
TOTAL = 200_000  # samples of all resources
FRESH = 128  # seconds after which any Observe number is newer (RFC 7641, 3.4)
HALF = 1 << 23
ENDS = {"registered", "deregistered", "expired"}
READS = {"read", "read-composite", "observe", "observe-composite"}


def newer(number: int, last: int, seconds: float) -> bool:
    """Whether an Observe number comes after the last one, `seconds` ago (RFC 7641, 3.4)."""
    return (last < number < last + HALF) or number < last - HALF or seconds > FRESH


def observed(message: dict) -> object:
    """The key of an observation: its path, or its paths whatever their order."""
    return message.get("path") or frozenset(message.get("paths") or message.get("values", ()))


class Sample(NamedTuple):
    """A value, its time, and how it came; `own`: the time is the client's, not that of arrival."""

    time: float
    value: object
    source: str
    own: bool


class Series:
    """The samples of one path, in order of time."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.stamps: set[float] = set()  # the times that came from the client
        self.duplicates = 0
        self.dropped = 0

    def add(self, sample: Sample) -> bool:
        """Keep a sample, unless one with this time of the client's is here already."""
        if sample.own:
            if sample.time in self.stamps:
                self.duplicates += 1
                return False
            self.stamps.add(sample.time)
        bisect.insort(self.samples, sample, key=lambda each: each.time)
        return True

    def drop(self) -> None:
        """Forget the oldest sample."""
        oldest = self.samples.pop(0)
        if oldest.own:
            self.stamps.discard(oldest.time)
        self.dropped += 1


class History:
    """All series; `take_*` and the readers may be called from any thread."""

    def __init__(self, per_path: int = PER_PATH, total: int = TOTAL) -> None:
        self.per_path = per_path
        self.total = total
        self.lock = threading.Lock()
        self.series: dict[tuple[str, str], Series] = {}
        self.count = 0
        self.numbers: dict[tuple, tuple[int, float]] = {}  # Observe numbers and when they came

    # -- what comes in

    def take_answer(self, command: dict, answer: dict) -> None:
        """Keep what the answer to a command brings."""
        operation = command["op"]
        if operation not in READS or "error" in answer:
            return
        source = "read"
        if answer.get("observed"):
            source = "notify"
            key = (command["endpoint"], observed(command))
            self.numbers[key] = (answer.get("observe", 0), time.monotonic())
        self._take(command["endpoint"], command.get("path", "/"), answer, source)

    def take_event(self, event: dict) -> None:
        """Keep what a notification or a Send brings."""
        if event["event"] in ENDS:
            self._forget_numbers(event["endpoint"])
        source = {"notification": "notify", "send": "send"}.get(event["event"])
        if source and "error" not in event and not self._overtaken(event):
            self._take(event["endpoint"], event.get("path", "/"), event, source)

    def _forget_numbers(self, endpoint: str) -> None:
        """The observations of a client end with its registration."""
        for key in [key for key in list(self.numbers) if key[0] == endpoint]:
            self.numbers.pop(key, None)

    def _overtaken(self, event: dict) -> bool:
        """Whether a notification came after a later one; Leshan reports those as well.

        Time-stamped values are sorted by their time and are never late.
        """
        if event.get("observe") is None or "history" in event:
            return False
        key = (event["endpoint"], observed(event))
        now = time.monotonic()
        last, when = self.numbers.get(key, (event["observe"] - 1, now))
        if not newer(event["observe"], last, now - when):
            return True
        self.numbers[key] = (event["observe"], now)
        return False

    def _take(self, endpoint: str, path: str, message: dict, source: str) -> None:
        arrived = message.get("time") or round(time.time(), 3)
        with self.lock:
            for where, value, stamp in timed_values(path, message):
                own = stamp is not None
                when = stamp if own else arrived
                self._add(endpoint, where, Sample(when, value, source, own))

    def _add(self, endpoint: str, path: str, sample: Sample) -> None:
        series = self.series.setdefault((endpoint, path), Series())
        if not series.add(sample):
            return
        self.count += 1
        if len(series.samples) > self.per_path:
            self._drop((endpoint, path))
        if self.count > self.total:
            self._drop(max(self.series, key=lambda each: len(self.series[each].samples)))

    def _drop(self, key: tuple[str, str]) -> None:
        series = self.series[key]
        series.drop()
        self.count -= 1
        if not series.samples:
            del self.series[key]

    # -- what is asked

    def find(self, endpoint: str, path: str) -> dict[str, Series]:
        """Copies of the series at and below `path`, by path."""
        with self.lock:
            series_by_path = {
                where: copied(series)
                for (name, where), series in self.series.items()
                if name == endpoint and is_at(where, path)
            }
        if not series_by_path:
            raise CommandError(
                "no value of %s at endpoint %r is known: read or observe it first"
                % (path, endpoint)
            )
        return dict(sorted(series_by_path.items(), key=lambda item: identifiers(item[0])))

    def rows(self, endpoint: str, path: str) -> list[tuple[str, Sample]]:
        """The (path, sample) pairs at and below `path`, by time."""
        series_by_path = self.find(endpoint, path)
        rows = [
            (where, each) for where, series in series_by_path.items() for each in series.samples
        ]
        return sorted(rows, key=lambda row: row[1].time)

    def describe(self, endpoint: str, path: str) -> dict:
        """The answer to the command `history`."""
        all_series = self.find(endpoint, path).values()
        samples = [
            {"path": where, "time": each.time, "value": each.value, "source": each.source}
            for where, each in self.rows(endpoint, path)
        ]
        return {
            "path": path,
            "samples": samples,
            "duplicates": sum(series.duplicates for series in all_series),
            "dropped": sum(series.dropped for series in all_series),
        }


def copied(series: Series) -> Series:
    """A series to read without the lock."""
    copy = Series()
    copy.samples = list(series.samples)
    copy.duplicates, copy.dropped = series.duplicates, series.dropped
    return copy


def identifiers(path: str) -> list[int]:
    """A path to sort by."""
    return [int(part) for part in path.split("/")[1:] if part]


def is_at(where: str, path: str) -> bool:
    """Whether a value's path is `path` or below it."""
    return path == "/" or (where + "/").startswith(path + "/")


def leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    """The single values of a value by identifier, each with its whole path."""
    if isinstance(value, dict) and all(str(key).isdigit() for key in value):
        for key, item in value.items():
            yield from leaves("%s/%s" % (path.rstrip("/"), key), item)
    elif value is not None:
        yield path, value


def timed_values(path: str, message: dict) -> Iterator[tuple]:
    """The (path, value, time or None) triples of an answer or an event."""
    for where, value, stamp in entries(path, message):
        if not isinstance(stamp, (int, float)) or not math.isfinite(stamp):
            stamp = None
        for leaf, item in leaves(where, value):
            yield leaf, item, stamp


def entries(path: str, message: dict) -> Iterator[tuple]:
    """The same, before values by identifier are taken apart."""
    records = message.get("history")
    if records is None and isinstance(message.get("values"), list):
        records = message["values"]
    if records is not None:
        for each in records:
            yield each.get("path", path), each["value"], each.get("time")
    elif "values" in message:
        for where, value in message["values"].items():
            yield where, value, None
    elif "value" in message:
        yield path, message["value"], None
