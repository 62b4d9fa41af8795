"""A driver behind an Object: what servers read, and what the sampler is to do."""

import sys

import fake_machine
import fake_onewire
from counted import counting
from fake_machine import world
from firmware import app
from firmware.config import settings as config
from virtual import text_of

from drivers.reading import BUS, DriverError
from lwm2m.errors import Lwm2mError

ROM = fake_onewire.rom(b"\x28\x01\x02\x03\x04\x05\x06")
lines = []


def thermometer(section, **board):
    """The model of a meter of the profile, with a fake probe at its pin."""
    fakes = dict(fake_machine.RP2040, _onewire=fake_onewire.Module)
    world.cut()
    del lines[:]
    fake_onewire.wire.probes = {ROM: fake_onewire.Probe(344)}
    whole = config.check({"profile": "temperature", "temperature": section})
    del fakes["sys"]
    with fake_machine.Imported(fakes):
        sys.modules.pop("drivers.ds18b20", None)
        client, _ = app.build(whole, lambda *event: lines.append(event), counting(**board))
    return client.model


def code(model):
    """The code with which a Read of the value is refused."""
    try:
        model.object(3303).read(0, 5700)
    except Lwm2mError as error:
        return error.code


def test_the_pin_is_the_boards_unless_the_section_has_one():
    for section, pins, number in (({}, {"one_wire": 4}, 4), ({"pin": 9}, {"one_wire": 4}, 9)):
        model = thermometer(section, pins=pins)
        assert model.object(3303).driver._pin.number == number
        assert 3424 not in model.objects
    text = text_of(config.ConfigError, thermometer, {})
    assert text == "temperature.pin: must be given, for the board has no pin one_wire"


def test_a_conversion_is_started_and_read_when_it_is_there():
    model = thermometer({"pin": 4, "application": "flow"})
    assert code(model) == 0xA3  # nothing measured yet
    assert app.sample(model) == 750
    world.run(750)
    assert app.sample(model) == 0
    assert model.object(3303).read(0, 5700) == (215000, -4)
    assert model.object(3303).read(0, 5750) == "flow"


def test_a_fault_leaves_no_old_value_and_is_in_object_3_until_it_is_over():
    model = thermometer({"pin": 4})
    sensor, device = model.object(3303), model.object(3)

    def measured():
        world.run(app.sample(model))
        app.sample(model)

    measured()
    probe = fake_onewire.wire.probes.pop(ROM)
    for _ in range(3):
        app.sample(model)
    assert code(model) == 0xA3 and device.read(0, 11) == {0: 8}
    assert [event[1] for event in lines] == ["no value"]  # said once
    fake_onewire.wire.probes[ROM] = probe
    measured()
    assert sensor.read(0, 5700) == (215000, -4) and device.read(0, 11) == {0: 0}


def test_a_driver_without_a_start_is_read_at_once():
    model = thermometer({"pin": 4})
    sensor = model.object(3303)

    class Driver:
        def read(self):
            return 7, 0, 0, 0

    sensor.driver = Driver()
    assert app.sample(model) == 0 and sensor.read(0, 5700) == (7, 0)

    class Broken:
        def read(self):
            raise DriverError(BUS)

    sensor.driver = Broken()
    app.sample(model)
    assert code(model) == 0xA3


def test_the_soonest_of_several_objects_that_wait_counts():
    class Waiting:
        oid = 1

        def __init__(self, ms):
            self.ms = ms

        def sample(self):
            return self.ms

    model = thermometer({"pin": 4})
    model.objects = {1: Waiting(750), 2: Waiting(None), 3: Waiting(38), 4: Waiting(900)}
    assert app.sample(model) == 38


def test_a_profile_that_is_not_there_is_one_line():
    for name, text in (
        ("nope", 'profile: "nope": '),
        ("../x", 'profile: "../x": must be a name X'),
        ("coap", 'profile: "coap": must be a name X'),
        (7, "profile: 7: must be a text"),
    ):
        assert text_of(config.ConfigError, config.check, {"profile": name}).startswith(text)
