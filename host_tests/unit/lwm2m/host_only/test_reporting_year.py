"""Notifications held against the rules: each at the right ms, none missing, none extra.

The reference is reporting_rules.py; here it is itself held against cases by hand and against a
second reading of the rules, which goes tick by tick and decides all from a diary.
"""

import sys
import time
from itertools import combinations, product

import observing
import pytest
from port import ROOT

sys.path.append(str(ROOT / "host_tests" / "unit" / "lwm2m"))
import test_reporting_rules as by_hand  # noqa: E402
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from observing import (
    COUNT,
    FLAG,
    LEVEL,
    LIST,
    NAME,
    OID,
    QUIET,
    SECRET,
    Observing,
    Schedule,
    ids,
    shortened,
)
from reporting_rules import World, consistent, parsed

# `check` itself shortens a schedule that fails: what befalls later depends on all before, and
# Hypothesis would try for minutes
settings.register_profile(
    "here",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("here")

HOUR = 3600
DAY = 24 * HOUR
YEAR = 365 * DAY * 1000  # ms

# What may be observed, from the Object down; attributes are set there, too
OBJECT = "/%d" % OID
INSTANCES = [OBJECT + "/0", OBJECT + "/1"]
RESOURCES = ["%s/%d" % (i, rid) for i in INSTANCES for rid in (COUNT, LEVEL, FLAG, NAME, LIST)]
PARTS = ["%s/%d/%d" % (i, LIST, riid) for i in INSTANCES for riid in (0, 1)]
SECRETS = [INSTANCES[0] + "/%d" % SECRET]
PATHS = [OBJECT, *INSTANCES, *RESOURCES, INSTANCES[0] + "/%d" % QUIET, *PARTS]
NUMERIC = (COUNT, LEVEL, LIST, QUIET)


def numeric(path):
    return len(ids(path)) > 2 and ids(path)[2] in NUMERIC


def boolean(path):
    return len(ids(path)) > 2 and ids(path)[2] == FLAG


# Schedules


class Scale:
    """How long periods (s) and spans between events (ms) are."""

    def __init__(self, periods, longest, gaps):
        self.periods = periods  # pmin, epmin
        self.longest = longest  # pmax, epmax
        self.gaps = gaps


SMALL = Scale(
    st.integers(0, 12),
    st.integers(0, 14),
    st.sampled_from((0, 0, 1, 500, 999, 1000, 1001, 2000, 3000, 5000, 10000))
    | st.integers(0, 15000)
    | st.integers(0, 100000),
)
LARGE = Scale(
    st.sampled_from((0, 1, 60, 900, HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY)),
    st.sampled_from((0, 8 * HOUR, 12 * HOUR, DAY - 1, DAY, DAY + 1, 3 * DAY, 7 * DAY, 30 * DAY)),
    st.sampled_from((0, 1, HOUR * 1000, 6 * HOUR * 1000, DAY * 1000 - 1, DAY * 1000))
    | st.integers(0, 3 * DAY * 1000)
    | st.integers(0, 20 * DAY * 1000),
)

LIMITS = st.integers(-12, 12).map(lambda n: "%g" % (n / 2))
STEPS = st.sampled_from(("0", "0.5", "1", "2", "2.5", "5"))
FLAGS = st.sampled_from("01")
NUMBERS = st.integers(-2, 2) | st.integers(-6, 6)
VALUES = {
    COUNT: NUMBERS,
    LEVEL: st.integers(-12, 12).map(lambda n: shortened((n * 5, -1))),
    FLAG: st.booleans(),
    NAME: st.sampled_from(("", "x", "y")),
    LIST: st.fixed_dictionaries({0: NUMBERS, 1: NUMBERS}, optional={2: NUMBERS, 7: NUMBERS}),
    SECRET: st.sampled_from(("", "x")),
}


def query(found):
    """Attributes as a query: a name without its value unsets."""
    return "&".join([n if found[n] is None else "%s=%s" % (n, found[n]) for n in sorted(found)])


def attributes(path, scale, unset):
    """The queries of a Write-Attributes or Observe of a path."""
    names = {
        "pmin": scale.periods,
        "pmax": scale.longest,
        "epmin": scale.periods,
        "epmax": scale.longest,
        "con": FLAGS,
        "hqmax": st.integers(0, 3),  # is for when the server is away
    }
    if numeric(path):
        names.update({"gt": LIMITS, "lt": LIMITS, "st": STEPS})
    if boolean(path):
        names["edge"] = FLAGS
    if unset:
        names = {name: names[name] | st.none() for name in names}
        return st.fixed_dictionaries({}, optional=names).filter(bool).map(query)
    found = st.fixed_dictionaries({}, optional=names).map(query)
    return found.filter(lambda text: consistent(parsed(text)))


@st.composite
def events(draw, scale, observed):
    """One event; what is observed is changed more often than the rest."""
    gap = draw(scale.gaps)
    what = draw(st.integers(0, 39))
    if what < 20:
        return gap, "set", *draw(changes(observed))
    if what < 22:
        path, value = draw(changes(observed))
        if isinstance(value, dict):
            return gap, "write", path + "/1", value[1]
        return gap, "write", path, value
    if what < 25:
        return gap, "burst", draw(st.lists(changes(observed), min_size=2, max_size=4))
    if what < 28:
        return gap, "quiet", INSTANCES[0] + "/%d" % QUIET, draw(NUMBERS)
    if what < 29:
        return gap, "wait"
    if what < 31:
        rid = draw(st.sampled_from((2, 3, 26)))
        values = {2: scale.periods, 3: scale.longest, 26: st.integers(0, 1)}[rid]
        return gap, "account", rid, draw(values)
    path = draw(st.sampled_from(observed * 3 + PATHS))
    if what < 36:
        return gap, "attributes", path, draw(attributes(path, scale, True))
    if what < 37:
        return gap, "reset", draw(tokens(path))
    if what < 38:  # the observation of the path is cancelled, or one that has been replaced
        return gap, "cancel", draw(tokens(path)), path
    return gap, "observe", draw(tokens(path)), path, draw(attributes(path, scale, False))


def tokens(path):
    """One of three tokens that a path has for itself."""
    return st.sampled_from("xyz").map(lambda letter: letter + chr(65 + PATHS.index(path)))


@st.composite
def changes(draw, observed):
    """(path, value) of a change that is marked."""
    where = [path for path in observed if ids(path)[2:3] in [(rid,) for rid in VALUES]]
    where = draw(st.sampled_from(where * 3 + RESOURCES + SECRETS))
    iid, rid = ids(where)[1:3]
    return "%s/%d/%d" % (OBJECT, iid, rid), draw(VALUES[rid])


@st.composite
def schedules(draw, scale, most, length=0):
    """Attributes, then observations, then what may happen; `length` ms in all, if it is given."""
    found = Schedule()
    observed = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=5, unique=True))
    for path in draw(st.lists(st.sampled_from(observed + PATHS), max_size=5)):
        found.append((0, "attributes", path, draw(attributes(path, scale, False).filter(bool))))
    for path in observed:
        found.append(
            (0, "observe", draw(tokens(path)), path, draw(attributes(path, scale, False)))
        )
    count = draw(st.integers(0, most))
    found += draw(st.lists(events(scale, observed), min_size=count, max_size=count))
    rest = length - sum(e[0] for e in found) if length else 40000
    while rest < 0:
        rest += found.pop()[0]
    found.append((rest, "wait"))
    return found


ACCOUNTS = st.fixed_dictionaries(
    {}, optional={2: st.integers(0, 5), 3: st.integers(0, 14), 26: st.integers(0, 1)}
)
LARGE_ACCOUNTS = st.fixed_dictionaries(
    {}, optional={2: LARGE.periods, 3: LARGE.longest, 26: st.integers(0, 1)}
)


# The comparison


def by_token(notes):
    """The notifications of each observation, in their order."""
    found = {}
    for note in notes:
        found.setdefault(note[1], []).append(note)
    return found


def difference(wanted, got):
    """The first difference of each observation, for people; "" if there is none."""
    lines = []
    for token in sorted(set(wanted) | set(got)):
        ours, theirs = got.get(token, []), wanted.get(token, [])
        for i in range(max(len(ours), len(theirs))):
            said = ours[i] if i < len(ours) else "nothing"
            due = theirs[i] if i < len(theirs) else "nothing"
            if said != due:
                lines.append(
                    "%s, notification %d:\n  got    %s\n  wanted %s" % (token, i, said, due)
                )
                break
    return "\n".join(lines)


def check(schedule, account=None):
    """Assert that the meter does as the rules say; returns the number of notifications.

    Where it does not, a schedule as short as can be found shows it.
    """
    try:
        return compare(schedule, account)
    except Exception:  # noqa: BLE001 also the meter's own
        pass
    return compare(shortest(schedule, account), account)


def fails(schedule, account):
    """Does this schedule, too, show a fault?"""
    try:
        compare(schedule, account)
    except Exception:  # noqa: BLE001
        return True
    return False


def shortest(schedule, account):
    """Leave out events, then attributes, as long as there is a fault."""
    found = list(schedule)
    size = len(found)
    while size:
        i = 0
        while i < len(found) - 1:
            less = without(found, i, size)
            if less and fails(less, account):
                found = less
            else:
                i += size
        size //= 2
    for i, event in enumerate(found):
        if event[1] in ("attributes", "observe"):
            for part in event[-1].split("&"):
                parts = [other for other in found[i][-1].split("&") if other != part]
                less = [*found[:i], (*event[:-1], "&".join(parts)), *found[i + 1 :]]
                if (parts or event[1] == "observe") and fails(less, account):
                    found = less
    return found


def without(schedule, start, size):
    """A schedule without some of its events; those that follow keep their times."""
    rest = list(schedule[start + size :])
    if not rest:
        return None
    gap = sum(event[0] for event in schedule[start : start + size])
    rest[0] = (rest[0][0] + gap, *rest[0][1:])
    return [*schedule[:start], *rest]


# What the rules leave open, see World: a meter may choose, but not now so, now so
OPEN = sorted(product((True, False), repeat=3), key=lambda choices: choices != (True, True, True))


def compare(schedule, account):
    """As `check`, of this very schedule."""
    meter = Observing(account)
    notes, answers = meter.play(schedule)
    got = by_token(notes)
    found = None
    for choices in OPEN:
        world = World(account, *choices)
        wanted, said = world.play(schedule)
        assert answers == said, "answers\n%s\nnot\n%s\n%r" % (answers, said, Schedule(schedule))
        wanted = by_token(wanted)
        if wanted == got:
            break
        found = found or difference(wanted, got)
    else:
        raise AssertionError("\n%s\naccount %s, %r" % (found, account, Schedule(schedule)))
    extra = sorted(set(meter.wakes) - world.dues)
    assert not extra, "wakes for nothing at %s ms\n%r" % (extra[:5], Schedule(schedule))
    return len(notes)


@given(schedules(SMALL, 30), ACCOUNTS)
@settings(max_examples=300)
def test_every_notification_is_right(schedule, account):
    check(schedule, account)


@pytest.mark.slow
@given(schedules(SMALL, 60), ACCOUNTS)
@settings(max_examples=2500)
def test_every_notification_of_many_more_schedules_is_right(schedule, account):
    check(schedule, account)


@given(schedules(LARGE, 80, YEAR), LARGE_ACCOUNTS)
@settings(max_examples=15)
def test_a_year(schedule, account):
    check(schedule, account)


@pytest.mark.slow
@given(schedules(LARGE, 120, YEAR), LARGE_ACCOUNTS)
@settings(max_examples=150)
def test_many_more_years(schedule, account):
    check(schedule, account)


# Every combination of attributes

COMBINED = {
    "pmin": "2",
    "pmax": "9",
    "epmin": "3",
    "epmax": "7",
    "con": "0",
    "gt": "3",
    "lt": "-2",
    "st": "2",
    "edge": "1",
}


def combinations_of(names):
    """Each set of the names, as a dictionary."""
    for size in range(len(names) + 1):
        for chosen in combinations(names, size):
            yield {name: COMBINED[name] for name in chosen}


def restless(path, seed):
    """Changes of the Resource at a path for two minutes, the same for the same seed."""
    chance = observing.Chance(seed)
    rid = ids(path)[2]
    where = "/".join(path.split("/")[:4])
    found = []
    for _ in range(40):
        n = chance.below(13) - 6
        value = {
            COUNT: n,
            LEVEL: shortened((n * 5, -1)),
            FLAG: n > 0,
            NAME: "x" * (n + 6),
            LIST: {0: n, 1: chance.below(4), 2: 0},
        }.get(rid)
        if rid == LIST and chance.below(8) == 0:
            del value[2]
        gap = (chance.below(4) * 1000, chance.below(9000))[chance.below(2)]
        found.append((gap, "set", where, value))
    return found


@pytest.mark.parametrize(
    ("rid", "names"),
    [
        (COUNT, "pmin pmax epmin epmax con gt lt st"),
        (LEVEL, "pmin pmax epmin epmax con gt lt st"),
        (LIST, "pmin pmax epmin epmax con gt lt st"),
        (FLAG, "pmin pmax epmin epmax con edge"),
        (NAME, "pmin pmax epmin epmax con"),
    ],
)
def test_every_combination_of_attributes(rid, names):
    """At the Resource, at one of its Instances, and what of it there may be at levels above."""
    path = "%s/0/%d" % (OBJECT, rid)
    notified = 0
    for i, found in enumerate(combinations_of(names.split())):
        inherited = {n: found[n] for n in found if n not in ("gt", "lt", "st", "edge")}
        paths = [path, path + "/1"] if rid == LIST else [path]
        schedule = Schedule()
        if found:  # by Write-Attributes at the very path, or in the Observe, or from above
            schedule += [(0, "attributes", one, query(found)) for one in paths[: 1 + i % 2]]
        if inherited:
            schedule += [(0, "attributes", INSTANCES[0], query(inherited))]
        above = [OBJECT, INSTANCES[0]] if i % 4 == 0 else []
        for one in paths + above:
            own = query(found) if one == paths[-1] else ""
            schedule.append((0, "observe", chr(65 + PATHS.index(one)), one, own))
        notified += check(schedule + restless(path, i) + [(30000, "wait")])
    assert notified > 15 * (i + 1)


# The reference model itself


def test_the_reference_keeps_to_the_cases_by_hand(monkeypatch):
    monkeypatch.setattr(observing, "players", [lambda *given: World(given[1]).play(given[0])])
    names = [name for name in dir(by_hand) if name.startswith("test_")]
    assert len(names) > 30
    for name in names:
        getattr(by_hand, name)()


class Diary:
    """An observation as the second reading keeps it: all that ever befell it."""

    def __init__(self, path, own, now, value):
        self.path = path
        self.own = own
        self.pages = [("notified", now, value)]

    def last(self, *whats):
        """The index of the latest page of one of these kinds."""
        return max(i for i, page in enumerate(self.pages) if page[0] in whats)

    def since(self, what, index):
        """Is there such a page after the one at an index?"""
        return any(page[0] == what for page in self.pages[index + 1 :])


class Ticks(World):
    """The second reading: it tries each half second, and looks all up in the diaries.

    What is there and the requests are as in the first; when to notify, and what, is not.
    """

    def until(self, now):
        """Tick by tick; a tick is 500 ms."""
        while self.now < now:
            self.now += 500
            self.settle()

    def settle(self):
        """See for each observation what the rules want in this very ms."""
        for token, watch in list(self.watches.items()):
            if not hasattr(watch, "diary"):
                watch.diary = Diary(watch.path, watch.own, self.now, watch.notified)
            if watch.changed:
                watch.diary.pages.append(("changed", self.now, None))
                watch.changed = False
            for _ in range(3):
                if token in self.watches:
                    self._look(watch.diary, token)

    def _look(self, diary, token):
        found = {"pmin": self.account[2], "pmax": self.account[3]}
        for level in (diary.path[: n + 1] for n in range(len(diary.path))):
            found = {**found, **self.attached.get(level, {})}
        found = {**found, **diary.own}
        pages = diary.pages
        value = self.read(diary.path)
        notified, looked = diary.last("notified"), diary.last("notified", "looked")
        after_notified, after_looked = (self.now - pages[i][1] for i in (notified, looked))
        pmin, epmin = found.get("pmin", 0) * 1000, found.get("epmin", 0) * 1000
        pmax, epmax = found.get("pmax", 0) * 1000, found.get("epmax", 0) * 1000
        changed = diary.since("changed", looked)
        if changed and after_looked >= epmin or epmax > epmin and after_looked >= epmax:
            changed = changed or value != pages[looked][2]
            if self._wanted(
                found, diary.path, pages[notified][2], pages[looked][2], value, changed
            ):
                pages.append(("fires", self.now, None))
            pages.append(("looked", self.now, value))
        due = diary.since("fires", notified) and after_notified >= pmin
        if due or pmax and pmax >= pmin and after_notified >= pmax:
            pages.append(("notified", self.now, value))
            self.notes.append((self.now, token, "", value))
            if token in self.resets:
                self.end(token)

    def _wanted(self, found, path, notified, seen, new, changed):
        limits = {n: found[n] for n in ("gt", "lt", "st", "edge") if found.get(n) is not None}
        if "gt" in limits and "lt" in limits and limits["gt"] <= limits["lt"]:
            limits = {}
        if len(limits) == 3 and limits["lt"] + limits["st"] + limits["st"] >= limits["gt"]:
            limits = {}
        if not limits:
            return changed
        if limits.get("st") == 0 and changed:
            return True
        if isinstance(new, dict):
            if new.keys() != seen.keys():
                return True
            trios = [(notified.get(key, seen[key]), seen[key], new[key]) for key in new]
        else:
            trios = [(notified, seen, new)]
        for old, last, now in trios:
            if "edge" in limits:
                return (last, now) == ((False, True) if limits["edge"] else (True, False))
            old, last, now = (
                v if isinstance(v, int) else v[0] * 10.0 ** v[1] for v in (old, last, now)
            )
            between = min(last, now), max(last, now)
            if "gt" in limits and between[0] <= limits["gt"] < between[1]:
                return True
            if "lt" in limits and between[0] < limits["lt"] <= between[1]:
                return True
            if limits.get("st") and not old - limits["st"] < now < old + limits["st"]:
                return True
        return False


HALVES = Scale(SMALL.periods, SMALL.longest, st.integers(0, 40).map(lambda n: n * 500))


@given(schedules(HALVES, 25), ACCOUNTS)
@settings(max_examples=200)
def test_two_readings_of_the_rules_agree(schedule, account):
    found = [
        [note[:2] + note[3:] for note in reading(account).play(schedule)[0]]
        for reading in (World, Ticks)
    ]
    for notes in found:
        notes.sort(key=lambda note: note[:2])
    assert found[0] == found[1], schedule


def test_a_year_of_the_reference_is_quick():
    started = time.perf_counter()
    schedule = [(0, "observe", "a", RESOURCES[0], "pmax=3600"), (YEAR, "wait")]
    assert len(World().play(schedule)[0]) == 365 * 24
    assert time.perf_counter() - started < 20
