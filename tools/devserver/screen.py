"""What a person sees: registrations, readings and events, kept here and drawn with rich."""

import collections
import io
import json
import threading
import time
from typing import NamedTuple

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from . import models
from .history import identifiers, timed_values
from .pages import Page

WATER = (3424, 1)  # cumulated volume in m3: shown in litres
KEPT = 200
SHOWN = 6  # values of one event in a line
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
    """Text from a client without what could steer the terminal."""
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
    listed = [quantity_line(path, value) for path, value in event_values(event)]
    if listed:
        more = ["%d more" % (len(listed) - SHOWN)] if len(listed) > SHOWN else []
        return "%s %s %s" % (kind, endpoint, ", ".join(listed[:SHOWN] + more))
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
    """An event as the plain text that replaces the screen where there is none."""
    return "%s %s" % (clock(event.get("time", time.time())), clean(describe(event)))


def ago(when: float) -> str:
    """How long ago something was."""
    return "%d s ago" % max(0, time.time() - when)


class Reports(NamedTuple):
    """How many notifications and Sends told a value, and when the last came."""

    count: int
    last: float

    def text(self) -> str:
        """As the readings show it."""
        return "%d notified, %s" % (self.count, ago(self.last))


class Entry(NamedTuple):
    """A line of the log; what is `about` the same is told in one, with how many `times`."""

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

    def take(self, event: dict) -> None:
        """Keep what an event says."""
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
        """The latest value of each path, by the client's time where it tells one."""
        for path, value, told in timed_values(event.get("path", "/"), event):
            when = now if told is None else told
            since = self.readings.get((event["endpoint"], path), (None, when))[1]
            if when >= since:
                self.readings[event["endpoint"], path] = (value, when)

    def _count(self, event: dict, now: float) -> None:
        """How often each path was told by notifications and Sends."""
        for path in {path for path, _, _ in timed_values(event.get("path", "/"), event)}:
            before = self.reports.get((event["endpoint"], path))
            self.reports[event["endpoint"], path] = Reports(before.count + 1 if before else 1, now)

    def _note(self, event: dict, now: float) -> None:
        """A line in the log; repeated notifications of one path share one."""
        kind = event["event"]
        about = (
            (kind, event.get("endpoint"), event.get("path")) if kind == "notification" else None
        )
        times = 1
        if about and self.log and self.log[-1].about == about:
            times = self.log.pop().times + 1
        self.log.append(Entry(now, COLOURS.get(kind, ""), clean(describe(event)), about, times))

    def say(self, text: str, colour: str = "") -> None:
        """Add a line of our own, such as the answer to a command."""
        with self.lock:
            self.log.append(Entry(time.time(), colour, clean(text)))

    def turn(self, page: Page | None) -> None:
        """Show a page in place of the log, or the log again."""
        with self.lock:
            self.page = page

    def endpoints(self) -> list[str]:
        """Who is registered, the latest last."""
        with self.lock:
            return list(self.clients)

    # -- drawing

    def draw(self, width: int, height: int) -> str:
        """The screen as text with ANSI colours."""
        sink = io.StringIO()
        console = Console(file=sink, force_terminal=True, width=width, height=height)
        with self.lock:
            console.print(self._layout(width, height), end="")
        return sink.getvalue()

    def _layout(self, width: int, height: int) -> Group:
        free = height - len(self.clients) - 9
        listed = self._latest(max(2, free // 2))
        return Group(
            Panel(self._clients(), title=self.title, title_align="left"),
            Panel(self._readings(listed), title=self._heading(listed), title_align="left"),
            self._below(width - 4, max(3, free - len(listed))),
        )

    def _latest(self, rows: int) -> list[tuple[str, str]]:
        """The readings there is room for: the latest ones, in order of endpoint and path."""
        latest = sorted(self.readings, key=lambda each: self.readings[each][1])[-rows:]
        return sorted(latest, key=lambda each: (each[0], identifiers(each[1])))

    def _heading(self, listed: list) -> str:
        """Whether all readings are shown."""
        total = len(self.readings)
        return (
            "readings"
            if len(listed) == total
            else "readings, latest %d of %d" % (len(listed), total)
        )

    def _below(self, width: int, rows: int) -> Panel:
        """The last panel: a page that was asked for, or the log."""
        if self.page is None:
            return Panel(self._log(rows), title="events", title_align="left")
        lines = [clean(text) for text in self.page.lines(width, rows)]
        text = Text("\n".join(lines[:rows]), no_wrap=True, overflow="ellipsis")
        return Panel(text, title=Text(clean(self.page.title)), title_align="left")

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

    def _readings(self, listed: list[tuple[str, str]]) -> Table:
        table = Table.grid(padding=(0, 2))
        for endpoint, path in listed:
            value, since = self.readings[endpoint, path]
            name = (resource_facts(path) or {}).get("name", "")
            shown = Text(clean(quantity(path, value)), "bold", no_wrap=True, overflow="ellipsis")
            told = self.reports.get((endpoint, path))
            age = ago(since) if told is None else told.text()
            named = Text(name, no_wrap=True, overflow="ellipsis")
            table.add_row(Text(clean(endpoint)), path, named, shown, Text(age, "dim"))
        for index in (0, 1, 3, 4):
            if table.columns:
                table.columns[index].no_wrap = True  # the name gives way
        return table

    def _log(self, rows: int) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        for entry in list(self.log)[-rows:]:
            text.append("%s " % clock(entry.when), "dim")
            again = " (%d times)" % entry.times if entry.times > 1 else ""
            text.append(entry.text + again + "\n", entry.colour)
        text.rstrip()
        return text


def answer_text(command: dict, answer: dict) -> str:
    """The answer to a command in one line."""
    asked = "%s %s" % (command["op"], command.get("path") or " ".join(command.get("paths", [])))
    if "error" in answer:
        return "%s: %s" % (asked.strip(), answer["error"])
    if "registrations" in answer:
        return (
            ", ".join(each["endpoint"] for each in answer["registrations"]) or "nobody registered"
        )
    if "file" in answer:
        return "%s: %d rows in %s" % (asked, answer["rows"], answer["file"])
    parts = [answer.get("code", "done"), answer.get("message", ""), answer.get("location", "")]
    if "value" in answer:
        parts.append(quantity(command.get("path", "/"), answer["value"]))
    parts += ["%s %s" % pair for pair in answer.get("values", {}).items()]
    parts += answer.get("links", [])
    if answer.get("observed") is False:
        parts.append("(not observed: the client answered as to a Read)")
    return "%s: %s" % (asked.strip(), " ".join(part for part in parts if part))
