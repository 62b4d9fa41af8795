"""Power cuts by chance in the life of a meter: what is stored is the old or the new, always.

A seed is a life: bootstrap, registration, observation, writes, new keys, counters, restarts, with
a power cut at some change of a file or at some datagram in each. What fails names its seed, which
is run again, and alone, by

    SEED=123 build/venv/bin/python -m pytest host_tests/faults/test_seeded_power_cuts.py
"""

import os

import pytest
from power_files import PowerCut
from power_shell import Shell, virtual
from power_world import World

SOME = 150
ALL = 10000
HOUR = 3600000
MOST_DIALS = 40


def life(seed):
    """One life; an AssertionError where something is wrong."""
    world = World(seed)
    chance = world.random
    for _ in range(chance.randrange(1, 5)):
        world.loss = chance.choice((0, 0, 0.1))
        try:
            world.files_only = chance.random() < 0.3
            world.left = chance.randrange(1, chance.choice((20, 60, 150)))
            world.boot()
            act(world, chance)
            if world.state and chance.random() < 0.5:
                world.state.leave()
        except PowerCut:
            world.cuts += 1
        world.off(chance.choice((100, 5000, 300000)))
    recovered(world)
    return world


def act(world, chance):
    """What happens to a device that runs."""
    for _ in range(chance.randrange(1, 6)):
        world.run(world.now + chance.randrange(1000, 600000 if world.busy else 60000))
        server = serving(world)
        what = chance.random()
        if not server or not server.location:
            continue
        if what < 0.5:
            server.write()
        elif what < 0.6:
            server.forget()
        else:
            good = what < 0.9
            world.rotate(good)
            server.trigger()
            if not good and what < 0.95:
                world.run(world.now + 2 * HOUR)


def serving(world):
    """The server that has registered the device, as far as that knows."""
    link = world.registered()
    return link and world.servers.get(link.account.uri.partition("//")[2])


def agreed(world):
    """Do both ends know the registration?"""
    server = serving(world)
    if not server or not server.location or not world.state:
        return False
    location = world.registered().core.location
    parts = [part if isinstance(part, str) else part.decode() for part in location]
    return server.location == "/".join(parts)


def recovered(world):
    """With a network that works it is registered again, and reports."""
    world.loss = 0
    world.healed = True
    world.boot()
    world.dials = 0
    assert world.run(world.now + 3 * HOUR, lambda: agreed(world)), "not registered"
    assert world.dials <= MOST_DIALS, world.dials
    world.run(world.now + 150000)
    assert agreed(world), "lost again"
    server = serving(world)
    before = server.notifications
    world.run(world.now + 60000)
    world.silent = server.token is not None and server.notifications == before


def named(seed):
    """A life whose failure names its seed."""
    try:
        return life(seed)
    except BaseException as error:
        raise AssertionError("seed %d" % seed) from error
    finally:
        Shell.current.end()


def lives(first, cuts):
    """One life after another until there were so many power cuts."""
    if "SEED" in os.environ:
        first, cuts = int(os.environ["SEED"]), 0
    count = 0
    with virtual():
        while True:
            count += named(first).cuts
            if count >= cuts:
                return
            first += 1


def test_a_hundred_and_fifty_power_cuts():
    lives(0, SOME)


@pytest.mark.slow
def test_ten_thousand_power_cuts():
    lives(0, ALL)
