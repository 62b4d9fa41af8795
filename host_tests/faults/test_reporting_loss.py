"""30 % loss, repeats and reordering both ways: all reports arrive, in order, none twice in vain.

A report is (path, time, value). One that comes twice is allowed only where the acknowledgement, or
the 2.04, of the first did not reach a meter that still waited for it.
"""

import pytest
from reporting_world import HOUR, PATHS, REGISTERED, START, World
from watcher import stored_samples

SEEDS = range(1, 13)
CHANGES = 1000
ROOM = 3000  # bytes for about twelve samples


def shaken(world):
    """The network at its worst."""
    world.loss, world.repeat, world.late = 30, 15, 20


def healed(world, hours=12):
    """The network is well again, and there is time for everything to arrive."""
    world.loss = world.repeat = world.late = 0
    world.down = False
    world.run(world.now + hours * HOUR)
    assert world.core.state == REGISTERED


def begun(seed, **arguments):
    """A world in which everything is observed, then shaken."""
    world = World(seed, **arguments)
    world.run(10000)
    count = len(world.observed)
    assert len(world.management.reporting.observations) == count
    world.management.budget.memory = 1 << 30
    shaken(world)
    return world


@pytest.mark.parametrize("seed", SEEDS)
def test_notifications(seed):
    world = begun(seed)
    value = 100
    for _ in range(CHANGES):
        value += 1
        world.change(PATHS[world.chance.below(3)], value)
        world.run(world.now + world.chance.below(20000))
    healed(world)
    first, duplicates = world.check()
    assert sum(len(one) for one in first.values()) == len(world.recorded) == CHANGES
    assert world.management.reporting.stored.queue == []
    assert len(duplicates) <= world.management.reporting.stored.repeated < CHANGES // 20


@pytest.mark.parametrize("seed", SEEDS)
def test_outages_and_new_registrations(seed):
    world = begun(seed)
    chance = world.chance
    value = 100
    registrations = world.server.count
    for turn in range(CHANGES):
        value += 1
        world.change(PATHS[chance.below(3)], value)
        if turn % 25 == 7:
            world.down = True  # for some minutes, or hours
            ms = (chance.below(10) or 100) * chance.below(150000)
            world.at(world.now + ms, setattr, world, "down", False)
        elif turn % 25 == 17:
            world.core.recover(2, world.now)  # the address changed
        elif turn % 25 == 20:
            world.core.update(world.now)
        elif turn % 25 == 22 and world.server.tokens:
            world.server.observe(PATHS[chance.below(3)])  # under a new token
        world.run(world.now + chance.below(60000))
    healed(world, 48)
    first, duplicates = world.check()
    assert world.server.count - registrations > 10
    assert world.management.reporting.stored.queue == []
    assert world.management.reporting.stored.repeated >= len(duplicates)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_composite_observation(seed):
    paths = [PATHS[0], PATHS[1]]
    world = begun(seed, observed=[paths])
    value = 100
    for turn in range(CHANGES // 2):
        value += 1
        world.change(paths[turn % 2], value)
        if turn % 50 == 49:
            world.core.recover(2, world.now)
        world.run(world.now + 1000 + world.chance.below(30000))
    healed(world)
    reports = world.server.reports
    assert {one[2] for one in reports} >= {value for _, value in world.recorded}
    by_key = {}
    for path, at, value, key, _ in reports:
        by_key.setdefault(key, []).append((path, at, value))
    for found in by_key.values():  # all paths in each
        assert len(found) == 2 and len({at for _, at, _ in found}) == 1
    times = {}
    order = []
    for found in by_key.values():
        at = found[0][1]
        if at not in times:
            times[at] = found
            order.append(at)
        assert times[at] == found
    assert order == sorted(order) and len(order) == len(world.recorded)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_oldest_are_dropped_where_there_is_no_room(seed):
    world = begun(seed)
    reporting = world.management.reporting
    stored = stored_samples(reporting)
    world.management.budget.memory = reporting.size + ROOM
    chance = world.chance
    value = 100

    def look():
        return {id(sample): sample for sample in stored.queue}

    before = look()
    for turn in range(CHANGES):
        value += 1
        evicted = stored.evicted
        world.change(PATHS[chance.below(3)], value)
        after = look()
        gone = [before[one] for one in before if one not in after]
        assert len(gone) == stored.evicted - evicted <= 2  # they are not all of one size
        assert stored.size == sum(sample[4] for sample in stored.queue) <= ROOM
        if turn % 50 == 10:
            world.down = True
            world.at(world.now + 2 * HOUR, setattr, world, "down", False)
        world.run(world.now + chance.below(60000))
        before = look()
    healed(world, 48)
    first, _ = world.arrivals()
    arrived = {v for path in first for _, v in first[path]}
    missing = [one for one in world.recorded if one[1] not in arrived]
    assert len(missing) <= stored.evicted and stored.evicted
    world.check(missing)
    assert world.recorded[-1][1] in arrived and reporting.stored.queue == []


class Recorder:
    """An application that records a value every now and then and sends what the server lacks."""

    def __init__(self, world):
        self.world = world
        self.sender = world.management.sender()
        self.records = []
        self.position = 0
        self.sending = False
        self.codes = []

    def record(self, value):
        """One more."""
        at = START + self.world.now // 1000
        self.records.append((at, value))
        self.world.recorded.append(("/32000/1/1", value))
        self.send()
        self.world.serve()

    def send(self):
        """Send up to 30 at once; the position moves on with the 2.04."""
        if self.sending or self.position == len(self.records):
            return
        self.sending = True
        part = self.records[self.position : self.position + 30]

        def done(code):
            self.codes.append(code)
            self.sending = False
            if code == 0x44:
                self.position += len(part)
            self.send()

        self.sender.samples((32000, 1, 1), part, 112, done)


@pytest.mark.parametrize("seed", SEEDS)
def test_sends(seed):
    world = World(seed, observed=())
    world.run(10000)
    shaken(world)
    world.server.busy = 10
    recorder = Recorder(world)
    value = 100
    for turn in range(CHANGES):
        value += 1
        recorder.record(value)
        if turn % 50 == 7:
            world.down = True
            world.at(
                world.now + (1 << world.chance.below(14)) * 1000, setattr, world, "down", False
            )
        elif turn % 50 == 33:
            world.core.recover(2, world.now)
        world.run(world.now + 1000 + world.chance.below(60000))
    healed(world)
    first, duplicates = world.check()
    assert len(first["/32000/1/1"]) == CHANGES == recorder.position
    assert len({one[3] for one in duplicates}) <= recorder.sender.repeated
    assert set(recorder.codes) == {0x44}


@pytest.mark.parametrize("seed", SEEDS)
def test_notifications_and_sends_at_once(seed):
    world = begun(seed)
    recorder = Recorder(world)
    value = 100
    for turn in range(CHANGES):
        value += 1
        if turn % 3:
            world.change(PATHS[world.chance.below(3)], value)
        else:
            recorder.record(value)
        if turn % 100 == 50:
            world.down = True
            world.at(world.now + HOUR // 2, setattr, world, "down", False)
        world.run(world.now + world.chance.below(20000))
    healed(world, 24)
    world.check()
    assert recorder.position == len(recorder.records)
