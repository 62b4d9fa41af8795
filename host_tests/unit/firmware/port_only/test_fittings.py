"""A water meter with a tamper contact, a battery and a valve, as servers see it."""

import sys

import fake_machine
from counted import counting
from fake_machine import world
from firmware import app
from firmware.config import settings as config
from virtual import text_of

from lwm2m.errors import Lwm2mError

VALVE = {"open_pin": 10, "close_pin": 11, "is_open_pin": 12}
FITTED = {
    "tamper_pin": 5,
    "battery_pin": 26,
    "battery_upper": 100,
    "battery_lower": 100,
    "valve": VALVE,
}


def built(water):
    """The model of a meter."""
    fakes = dict(fake_machine.RP2040)
    del fakes["sys"]
    world.cut()
    world.set(5, 0)
    with fake_machine.Imported(fakes):
        for name in ("tamper", "battery", "latching"):
            sys.modules.pop("drivers." + name, None)
        client, _ = app.build(config.check({"water": water}), lambda *event: None, counting())
    return client.model


def test_1_what_is_not_configured_is_not_imported():
    model = built({})
    assert 3306 not in model.objects and 13 not in model.object(3424).instances[0]
    assert "firmware.fittings" not in sys.modules and "drivers.latching" not in sys.modules


def test_an_opened_housing_is_fraud():
    meter = built(FITTED).object(3424)
    meter.sample()
    assert meter.read(0, 13) is False and meter.read(0, 4) == 12345
    world.set(5, 1)
    world.run(100)
    world.set(5, 0)
    meter.sample()
    assert meter.read(0, 13) is True


def test_the_batterys_voltage_is_in_object_3():
    device = built(FITTED).object(3)
    world.adc[26] = 36000
    assert device.read(0, 7) == {0: 3626} and device.read(0, 6) == {0: 1}


def refused(work, *arguments):
    try:
        work(*arguments)
    except Lwm2mError as error:
        return error.code


def test_a_valve_is_written_read_and_its_fault_is_in_object_3():
    model = built(FITTED)
    valve, device = model.object(3306), model.object(3)
    valve.sample()
    assert valve.read(0, 5850) is False
    valve.write(0, 5850, True)
    assert refused(valve.read, 0, 5850) == 0xA3 and refused(valve.write, 0, 5850, False) == 0xA3
    world.set(12, 0)
    world.run(200)
    valve.sample()
    assert valve.read(0, 5850) is True and device.read(0, 11) == {0: 0}
    valve.write(0, 5850, False)  # and it is stuck
    world.run(200)
    valve.sample()
    assert refused(valve.read, 0, 5850) == 0xA3 and device.read(0, 11) == {0: 8}
    world.set(12, 1)
    valve.sample()
    assert valve.read(0, 5850) is False and device.read(0, 11) == {0: 0}


def test_a_wrong_valve_is_named():
    for valve, text in (
        ({}, "water.valve.open_pin: must be given"),
        ({"open_pin": 1}, "water.valve.close_pin: must be given"),
        ({"open_pin": 1, "close_pin": 1}, "water.valve.close_pin: must be another pin"),
        ({"open_pin": 1, "close_pin": 99}, "water.valve.close_pin: 99: must be an integer"),
        (7, "water.valve: 7: must be an object"),
        (dict(VALVE, colour=1), "water.valve.colour: no such setting"),
    ):
        given = text_of(config.ConfigError, config.check, {"water": {"valve": valve}})
        assert given.startswith(text), given
