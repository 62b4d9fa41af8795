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

SOME = 250
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
        world.run(world.now + chance.randrange(1000, 60000))
        link = world.registered()
        server = link and world.servers[link.account.uri.partition("//")[2]]
        if server and server.location:
            if chance.random() < 0.6:
                server.write()
            else:
                world.rotate()
                server.trigger()


def recovered(world):
    """With a network that works it is registered again, and reports."""
    world.loss = 0
    world.boot()
    world.dials = 0
    assert world.run(world.now + 3 * HOUR, lambda: world.registered() and world.state)
    assert world.dials <= MOST_DIALS, world.dials
    world.run(world.now + 90000)
    link = world.registered()
    assert link
    server = world.servers[link.account.uri.partition("//")[2]]
    parts = [part if isinstance(part, str) else part.decode() for part in link.core.location]
    assert server.location == "/".join(parts)


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


def test_some_hundred_power_cuts():
    lives(0, SOME)


@pytest.mark.slow
def test_ten_thousand_power_cuts():
    lives(0, ALL)
