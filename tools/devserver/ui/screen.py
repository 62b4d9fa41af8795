"""The live screen: the state of clients, readings and events, drawn with rich."""

import collections
import io
import json
import textwrap
import threading
import time
from typing import NamedTuple

from aiocoap.numbers.codes import Code
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .. import models
from ..history.store import identifiers, timed_values
from .pages import Page

WATER = (3424, 1)  # cumulated volume in m3: shown in litres
KEPT = 200
SHOWN = 6  # values of one event in a line
CODES = {code.dotted: code.name_printable for code in Code}
REPORTED = ("notification", "send")
COLOURS = {
    "registered": "green",
    "updated": "cyan",
    "notification": "blue",
    "reading": "blue",
    "send": "blue",
    "deregistered": "yellow",
    "expired": "red",
    "error": "red",
}


def clean(text: str) -> str:
    """Text from a client without characters that control the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def quantity(path: str, value: object) -> str:
    """A value with its unit; the water volume in litres as well."""
    known = resource_facts(path)
    unit = (known or {}).get("units", "")
    text = value if isinstance(value, str) else json.dumps(value)
    text = "%s %s" % (text, unit) if unit else text
    return "%s = %s" % (text, litres(value)) if is_water(path, value) else text


def resource_facts(path: str) -> dict | None:
    """What the registry knows about a path of three levels or more."""
    parts = path.split("/")[1:]
    return models.resource(int(parts[0]), int(parts[2])) if len(parts) > 2 else None


def is_water(path: str, value: object) -> bool:
    """Whether this is a volume of water that has a number."""
    known = resource_facts(path)
    return known is models.resource(*WATER) and isinstance(value, (int, float))


def litres(value: float) -> str:
    """Cubic metres as litres, by thousands."""
    return "{:,.1f} L".format(value * 1000).replace(",", " ")


def describe(event: dict) -> str:
    """An event in one line, without its time."""
    kind, endpoint = event["event"], event.get("endpoint") or ""
    if kind in ("registered", "updated"):
        queue = "Q" if event.get("queue") else ""
        facts = (event["version"], event["binding"] + queue, event["lifetime"], event["address"])
        return "%s %s: LwM2M %s, %s, %d s, %s" % (kind, endpoint, *facts)
    texts = [quantity_line(path, value) for path, value in event_values(event)]
    if texts:
        more = ["%d more" % (len(texts) - SHOWN)] if len(texts) > SHOWN else []
        return "%s %s %s" % (kind, endpoint, ", ".join(texts[:SHOWN] + more))
    return " ".join(part for part in (kind, endpoint, event.get("error", "")) if part)


def quantity_line(path: str, value: object) -> str:
    """A path and its value."""
    return "%s %s" % (path, quantity(path, value))


def event_values(event: dict) -> list[tuple[str, object]]:
    """The (path, value) pairs an event brings."""
    if "value" in event:
        return [(event["path"], event["value"])]
    held = event.get("values", {})
    if isinstance(held, dict):
        return list(held.items())
    return [(each["path"], each["value"]) for each in held]


def clock(when: float) -> str:
    """A time of day."""
    return time.strftime("%H:%M:%S", time.localtime(when))


def line(event: dict) -> str:
    """An event as a line of plain text, for output without a screen."""
    return "%s %s" % (clock(event.get("time", time.time())), clean(describe(event)))


def ago(when: float) -> str:
    """How long ago something was."""
    return "%d s ago" % max(0, time.time() - when)


class Reports(NamedTuple):
    """How many notifications and Sends brought a value, and when the last one came."""

    count: int
    last: float

    def text(self) -> str:
        """As the readings show it."""
        return "%d notified, %s" % (self.count, ago(self.last))


class Entry(NamedTuple):
    """A line of the log; events with the same `about` share one, counted in `times`."""

    when: float
    colour: str
    text: str
    about: tuple | None = None
    times: int = 1


class Board:
    """The state behind the screen; `take` may be called from any thread."""

    def __init__(self, title: str = "") -> None:
        self.title = title
        self.lock = threading.Lock()
        self.clients: dict[str, dict] = {}
        self.readings: dict[tuple[str, str], tuple] = {}  # (value, since)
        self.reports: dict[tuple[str, str], Reports] = {}
        self.log: collections.deque[Entry] = collections.deque(maxlen=KEPT)
        self.page: Page | None = None
        self.scrolled = 0  # rows of the log below the last one shown, of a page above the first
        self.rows = 1  # of either that are shown

    def take(self, event: dict) -> None:
        """Update the state from an event."""
        with self.lock:
            self._take(event)

    def _take(self, event: dict) -> None:
        kind, endpoint = event["event"], event.get("endpoint")
        now = event.get("time", time.time())
        if kind in ("registered", "updated"):
            self.clients[endpoint] = {**event, "seen": now}
        elif kind in ("deregistered", "expired"):
            self.clients.pop(endpoint, None)
        self._read(event, now)
        if kind in REPORTED and "error" not in event:
            self._count(event, now)
        if kind != "reading":  # polled readings would push everything else out
            self._note(event, now)

    def _read(self, event: dict, now: float) -> None:
        """The latest value of each path, by the client's time where it has one."""
        for path, value, stamp in timed_values(event.get("path", "/"), event):
            when = now if stamp is None else stamp
            since = self.readings.get((event["endpoint"], path), (None, when))[1]
            if when >= since:
                self.readings[event["endpoint"], path] = (value, when)

    def _count(self, event: dict, now: float) -> None:
        """Count the notifications and Sends of each path."""
        for path in {path for path, _, _ in timed_values(event.get("path", "/"), event)}:
            before = self.reports.get((event["endpoint"], path))
            self.reports[event["endpoint"], path] = Reports(before.count + 1 if before else 1, now)

    def _note(self, event: dict, now: float) -> None:
        """Add a line to the log; repeated notifications of one path share one."""
        kind = event["event"]
        about = (
            (kind, event.get("endpoint"), event.get("path")) if kind == "notification" else None
        )
        times = 1
        if about and self.log and self.log[-1].about == about:
            times = self.log.pop().times + 1
        self.log.append(Entry(now, COLOURS.get(kind, ""), clean(describe(event)), about, times))

    def say(self, text: str, colour: str = "") -> None:
        """Add a line that is not an event, such as the answer to a command."""
        with self.lock:
            self.log.append(Entry(time.time(), colour, clean(text)))

    def turn(self, page: Page | None) -> None:
        """Show a page in place of the log, or the log again, from its latest line on."""
        with self.lock:
            self.page = page
            self.scrolled = 0

    def scroll(self, up: bool) -> None:
        """Show what is above the rows shown now, or below them."""
        step = max(1, self.rows - 1)
        with self.lock:
            self.scrolled += step if up == (self.page is None) else -step

    def endpoints(self) -> list[str]:
        """The registered endpoints, the latest last."""
        with self.lock:
            return list(self.clients)

    def paths(self) -> list[str]:
        """Every path that a client has registered or reported, in order."""
        with self.lock:
            linked = {path for facts in self.clients.values() for path in linked_paths(facts)}
            return sorted(linked | {path for _, path in self.readings}, key=identifiers)

    # -- drawing

    def draw(self, width: int, height: int) -> str:
        """The screen as text with ANSI colours."""
        sink = io.StringIO()
        console = Console(file=sink, force_terminal=True, width=width, height=height)
        with self.lock:
            console.print(self._layout(width, height), end="")
        return sink.getvalue()

    def _layout(self, width: int, height: int) -> Group | Panel:
        if self.page is not None:
            return self._paged(self.page, width - 4, max(1, height - 2))
        free = height - len(self.clients) - 9
        keys = self._latest(max(2, free // 2))
        return Group(
            Panel(self._clients(), title=self.title, title_align="left"),
            Panel(self._readings(keys), title=self._heading(keys), title_align="left"),
            self._events(width - 4, max(3, free - len(keys))),
        )

    def _latest(self, rows: int) -> list[tuple[str, str]]:
        """The latest readings, as many as fit, in order of endpoint and path."""
        latest = sorted(self.readings, key=lambda each: self.readings[each][1])[-rows:]
        return sorted(latest, key=lambda each: (each[0], identifiers(each[1])))

    def _heading(self, keys: list) -> str:
        """Whether all readings are shown."""
        total = len(self.readings)
        return (
            "readings" if len(keys) == total else "readings, latest %d of %d" % (len(keys), total)
        )

    def _paged(self, page: Page, width: int, rows: int) -> Panel:
        """A page takes the whole screen, so that it is seen on a small one."""
        lines = [clean(text) for text in page.lines(width, rows)]
        self._stay_inside(len(lines), rows)
        shown = lines[self.scrolled : self.scrolled + rows]
        title = page.title
        if len(lines) > rows:
            last = self.scrolled + len(shown)
            title += ", lines %d to %d of %d: PgUp, PgDn" % (self.scrolled + 1, last, len(lines))
        text = Text("\n".join(shown), no_wrap=True, overflow="ellipsis")
        return Panel(text, title=Text(clean(title)), title_align="left")

    def _stay_inside(self, count: int, rows: int) -> None:
        self.rows = rows
        self.scrolled = max(0, min(self.scrolled, count - rows))

    def _events(self, width: int, rows: int) -> Panel:
        """The log: its last rows, or earlier ones."""
        lines = [line for entry in self.log for line in entry_rows(entry, width)]
        self._stay_inside(len(lines), rows)
        end = len(lines) - self.scrolled
        title = "events, %d rows below: PgDn" % self.scrolled if self.scrolled else "events"
        return Panel(
            Text("\n").join(lines[max(0, end - rows) : end]), title=title, title_align="left"
        )

    def _clients(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(
            *(Text(name, "dim") for name in ("endpoint", "lwm2m", "binding", "left", "from"))
        )
        for endpoint, facts in self.clients.items():
            left = facts["lifetime"] - (time.time() - facts["seen"])
            mode = facts["binding"] + ("Q" if facts.get("queue") else "")
            table.add_row(
                Text(clean(endpoint), "green"),
                Text(facts["version"]),
                Text(clean(mode)),
                "%d s" % left,
                Text(facts["address"]),
            )
        return table

    def _readings(self, keys: list[tuple[str, str]]) -> Table:
        table = Table.grid(padding=(0, 2))
        for endpoint, path in keys:
            value, since = self.readings[endpoint, path]
            name = (resource_facts(path) or {}).get("name", "")
            shown = Text(clean(quantity(path, value)), "bold", no_wrap=True, overflow="ellipsis")
            reports = self.reports.get((endpoint, path))
            age = ago(since) if reports is None else reports.text()
            named = Text(name, no_wrap=True, overflow="ellipsis")
            table.add_row(Text(clean(endpoint)), path, named, shown, Text(age, "dim"))
        for index in (0, 1, 3, 4):
            if table.columns:
                table.columns[index].no_wrap = True  # the name gives way
        return table


def linked_paths(facts: dict) -> list[str]:
    """The paths that a registration lists."""
    targets = [link.partition(";")[0].strip("<>") for link in facts.get("links", [])]
    return [path for path in targets if path[1:].replace("/", "").isdigit()]


def entry_rows(entry: Entry, width: int) -> list[Text]:
    """An entry of the log, in as many rows as it needs."""
    again = " (%d times)" % entry.times if entry.times > 1 else ""
    when = clock(entry.when)
    rows = textwrap.wrap(entry.text + again, max(10, width - len(when) - 1)) or [""]
    margin = " " * len(when)
    return [
        Text.assemble((when if not at else margin, "dim"), " ", (row, entry.colour))
        for at, row in enumerate(rows)
    ]


def code_text(code: str) -> str:
    """A response code with its name: 4.04 Not Found."""
    return "%s %s" % (code, CODES[code]) if code in CODES else code


def answer_text(command: dict, answer: dict) -> str:
    """The answer to a command in one line."""
    asked = "%s %s" % (command["op"], command.get("path") or " ".join(command.get("paths", [])))
    if "error" in answer:
        return "%s: %s" % (asked.strip(), answer["error"])
    if "registrations" in answer:
        return (
            ", ".join(each["endpoint"] for each in answer["registrations"])
            or "no client is registered"
        )
    if "file" in answer:
        return "%s: %d rows in %s" % (asked, answer["rows"], answer["file"])
    code = code_text(answer["code"]) if "code" in answer else "done"
    parts = [code, answer.get("message", ""), answer.get("location", "")]
    if "value" in answer:
        parts.append(quantity(command.get("path", "/"), answer["value"]))
    parts += ["%s %s" % pair for pair in answer.get("values", {}).items()]
    parts += answer.get("links", [])
    if answer.get("observed") is False:
        parts.append("(not observed: the client answered as to a Read)")
    return "%s: %s" % (asked.strip(), " ".join(part for part in parts if part))
