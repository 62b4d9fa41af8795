"""The rules of notification as a reference model (LwM2M Core 5.1.2 and 6.4, RFC 7641).

Written from the rules, to be read beside them; it knows nothing of lib/. It goes through the
schedules of `observing`, and says which notifications a meter must send, at which ms.
"""

from fractions import Fraction

from observing import DEVICE, OID, START, STRING, TYPES, ids, readable

INTEGER, FLOAT, BOOLEAN = 2, 3, 4
SECOND = 1000
DAY = 24 * 3600 * SECOND
OK, CONTENT, BAD_REQUEST, NOT_FOUND, NOT_ALLOWED = 0x44, 0x45, 0x80, 0x84, 0x85
DEFAULT_PMIN, DEFAULT_PMAX, DEFAULT_MODE = 2, 3, 26  # Resources of /1/x


def number(value) -> Fraction:
    """A value or a threshold, exactly."""
    if isinstance(value, tuple):
        return value[0] * Fraction(10) ** value[1]
    return Fraction(value)


def parsed(query: str) -> dict:
    """The attributes of a query by name; None where the key has no value, which unsets."""
    given = {}
    for part in query.split("&"):
        name, equals, text = part.partition("=")
        if name:
            given[name] = Fraction(text) if equals else None
    return given


def consistent(attributes: dict) -> bool:
    """Are there no lt and gt at once, or is lt < gt, and with st lt + 2 st < gt?"""
    low, high = attributes.get("lt"), attributes.get("gt")
    if low is None or high is None:
        return True
    return low + 2 * (attributes.get("st") or 0) < high


def crosses(old, new, threshold) -> bool:
    """Does a value get above a threshold, or is it above no more? Below it goes by the signs."""
    return (old > threshold) != (new > threshold)


class Effective:
    """The attributes in force at an observed path, in ms; None where there is none."""

    def __init__(self, found: dict, type_: int):
        get = found.get
        self.pmin = int(get("pmin") or 0) * SECOND
        self.pmax = int(get("pmax") or 0) * SECOND or None
        if self.pmax and self.pmax < self.pmin:
            self.pmax = None
        self.epmin = int(get("epmin") or 0) * SECOND
        self.epmax = int(get("epmax") or 0) * SECOND or None
        if self.epmax and self.epmax <= self.epmin:
            self.epmax = None
        self.confirmable = bool(found["con"])
        numeric = type_ in (INTEGER, FLOAT) and consistent(found)
        self.gt = get("gt") if numeric else None
        self.lt = get("lt") if numeric else None
        self.st = get("st") if numeric else None
        self.edge = get("edge") if type_ == BOOLEAN else None

    def conditions(self) -> bool:
        """Is there any change condition?"""
        return any(c is not None for c in (self.gt, self.lt, self.st, self.edge))

    def met(self, notified, seen, new) -> bool:
        """Does a change condition fire for a value? One was `notified`, one was `seen` last."""
        if self.edge is not None:
            return bool(seen) != bool(self.edge) and bool(new) == bool(self.edge)
        notified, seen, new = number(notified), number(seen), number(new)
        if self.gt is not None and crosses(seen, new, self.gt):
            return True
        if self.lt is not None and crosses(-seen, -new, -self.lt):
            return True
        return bool(self.st) and abs(new - notified) >= self.st


class Watch:
    """One observation."""

    def __init__(self, world, token, path, own, now):
        self.world = world
        self.token = token
        self.path = path
        self.own = own  # attributes of the Observe request
        self.notified_at = self.evaluated_at = self.confirmed_at = now
        self.notified = self.seen = world.read(path)
        self.changed = False  # since the latest evaluation
        self.firing = False  # to be sent, as soon as pmin allows

    def effective(self) -> Effective:
        """The attributes now in force."""
        return self.world.effective(self.path, self.own)

    def due(self):
        """When there is something to do."""
        a = self.effective()
        times = []
        if self.firing:
            times.append(self.notified_at + a.pmin)
        if a.pmax:
            times.append(self.notified_at + a.pmax)
        if self.changed:
            times.append(self.evaluated_at + a.epmin)
        if a.epmax:
            times.append(self.evaluated_at + a.epmax)
        return min(times, default=None)

    def act(self, now):
        """Do what is due: evaluate, then notify."""
        a = self.effective()
        if (self.changed and now >= self.evaluated_at + a.epmin) or (
            a.epmax and now >= self.evaluated_at + a.epmax
        ):
            self._evaluate(a, now)
        if (self.firing and now >= self.notified_at + a.pmin) or (
            a.pmax and now >= self.notified_at + a.pmax
        ):
            self._notify(a, now)

    def _evaluate(self, a, now):
        new = self.world.read(self.path)
        if self._fires(a, new):
            self.firing = True
        self.seen = new
        self.evaluated_at = now
        self.changed = False

    def _fires(self, a, new):
        seen = self.notified if self.world.since_notified and a.edge is None else self.seen
        changed = new != seen
        if len(self.path) < 4 or not self.world.by_resource:
            changed = changed or self.changed
        if not a.conditions() or (a.st == 0 and changed):
            return changed
        if isinstance(new, dict):  # a multiple Resource
            if set(new) != set(seen):
                return True
            return any(a.met(self.notified.get(i, seen[i]), seen[i], new[i]) for i in new)
        return a.met(self.notified, seen, new)

    def _notify(self, a, now):
        silence = now - self.confirmed_at
        kind = "NON"
        if a.confirmable or silence > DAY or (silence == DAY and self.world.sooner):
            kind = "CON"
            self.confirmed_at = now
        self.notified = self.seen = self.world.read(self.path)
        self.notified_at = self.evaluated_at = now
        self.changed = self.firing = False
        self.world.notes.append((now, self.token, kind, self.notified))
        if self.token in self.world.resets:
            self.world.end(self.token)


class World:
    """A meter that keeps the rules.

    They leave three things open. After 24 h to the ms a NON is as right as a CON: with `sooner` it
    is a CON. And gt, lt and "did it change?" may be held against the value last evaluated, or
    with `since_notified` against the one last notified; it is the same, but where attributes
    changed since, for otherwise what was evaluated and not notified met no criterion. And with
    `by_resource` an observed Resource Instance is evaluated when another one of its Resource
    changed, which moves its epmin and epmax, but is notified only when its own value is another
    than before.
    """

    def __init__(self, account=None, sooner=True, since_notified=False, by_resource=False):
        self.sooner = sooner
        self.since_notified = since_notified
        self.by_resource = by_resource
        self.account = {DEFAULT_PMIN: 0, DEFAULT_PMAX: 0}
        self.account.update(account or {})
        self.values = {(OID, iid, rid): START[rid] for iid in (0, 1) for rid in START}
        self.values.update({(3, 0, rid): DEVICE[rid] for rid in DEVICE})
        self.attached = {}  # by Write-Attributes, to each path
        self.watches = {}
        self.now = 0
        self.resets = set()  # tokens of what ends with its next notification
        self.notes = []
        self.answers = []
        self.dues = set()  # every ms at which there was something to do, or would have been

    # What is there

    def read(self, path):
        """The value at a path, its parts by the IDs below it."""
        if len(path) == 4:
            return self.values[path[:3]][path[3]]
        if len(path) == 3:
            return self.values[path]
        tree = {}
        for where, value in self.values.items():
            if where[: len(path)] == path:
                below = tree
                for ident in where[len(path) : -1]:
                    below = below.setdefault(ident, {})
                below[where[-1]] = value
        return tree

    def type(self, path):
        """The type of the Resource at or above a path; 0 of what is above Resources."""
        if len(path) < 3:
            return 0
        if path[0] == OID:
            return TYPES[path[2]]
        return INTEGER if isinstance(DEVICE[path[2]], dict) else STRING

    def effective(self, path, own) -> Effective:
        """Defaults of the account, what is attached from the Object down, the request's own."""
        found = {
            "pmin": self.account[DEFAULT_PMIN],
            "pmax": self.account[DEFAULT_PMAX],
            "con": self.account.get(DEFAULT_MODE, 1),
        }
        for level in range(1, len(path) + 1):
            found.update(self.attached.get(path[:level], {}))
        found.update(own)
        return Effective(found, self.type(path))

    # Time

    def until(self, now):
        """Let all happen that is due until then."""
        while True:
            due = [w.due() for w in self.watches.values()]
            due = min((t for t in due if t is not None), default=None)
            if due is None or due > now:
                break
            self.now = max(self.now, due)
            self.settle()
        self.now = now

    def settle(self):
        """Do all that is due in this very ms."""
        for token, watch in list(self.watches.items()):
            while token in self.watches:
                due = watch.due()
                if due is None or due > self.now:
                    break
                self.dues.add(self.now)
                watch.act(self.now)

    # The schedule

    def play(self, schedule):
        """Go through a schedule of `observing`; returns (notes, answers)."""
        for event in schedule:
            self.until(self.now + event[0])
            found = getattr(self, "_" + event[1])(*event[2:])
            self.answers.append((self.now,) + found if found else None)
            self.dues.add(self.now)
            self.settle()
        return self.notes, self.answers

    def _set(self, path, value):
        path = ids(path)
        if not readable(path):  # then nobody sees it change
            return
        before = self.values[path]
        self.values[path] = value
        if value == before:
            return
        for watch in self.watches.values():
            if watch.path[:3] == path[: len(watch.path)] and (
                len(watch.path) < 4
                or self.by_resource
                or before.get(watch.path[3]) != value[watch.path[3]]
            ):
                watch.changed = True

    def _burst(self, changes):
        for path, value in changes:
            self._set(path, value)

    def _write(self, path, value):
        *above, last = path.split("/")
        if len(ids(path)) == 4:  # one Instance of a multiple Resource, the others stay
            path = "/".join(above)
            value = {**self.values[ids(path)], int(last): value}
        self._set(path, value)
        return OK, None

    def _quiet(self, path, value):
        self.values[ids(path)] = value

    def _attributes(self, path, query):
        given = parsed(query)
        if not consistent(given):
            return BAD_REQUEST, None
        attached = self.attached.setdefault(ids(path), {})
        attached.update(given)
        for name in given:
            if given[name] is None:
                del attached[name]
        return OK, None

    def _account(self, rid, value):
        if rid not in self.account:
            return NOT_FOUND, None
        self.account[rid] = value
        return OK, None

    def _observe(self, token, path, query):
        path = ids(path)
        if not readable(path):
            return NOT_ALLOWED, None
        for watch in list(self.watches.values()):
            if watch.token == token or watch.path == path:
                self.end(watch.token)
        self.watches[token] = Watch(self, token, path, parsed(query), self.now)
        return CONTENT, self.read(path)

    def _cancel(self, token, path):
        self.end(token)
        return CONTENT, self.read(ids(path))

    def _reset(self, token):
        if token in self.watches:
            self.resets.add(token)

    def end(self, token):
        """The observation is over; a meter may still wake once for it."""
        self.resets.discard(token)
        if token in self.watches:
            self.dues.add(self.watches.pop(token).due())

    def _wait(self):
        return None


def play(schedule, account=None):
    """(notes, answers) of a meter that keeps the rules."""
    return World(account).play(schedule)
