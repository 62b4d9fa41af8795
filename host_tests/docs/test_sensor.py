"""The sensor of docs/adding-a-sensor.md in the application, and what a server sees of it."""

import micropython  # noqa: F401 the shim patches what lib/ needs, before lib/ is imported
import pages
from firmware import app
from tools.objgen import emit, registry
from watcher import SENML_JSON, Watcher

from lwm2m.model import Object

PAGE = pages.ROOT / "docs" / "adding-a-sensor.md"


class Probe:
    """A pressure that the test sets."""

    value = 101325

    def pascals(self):
        return self.value


def pressure(probe: Probe) -> Object:
    """An instance of the page's class, with the table that the page's command makes."""
    generated, ours = {}, {"Object": Object}
    exec(emit.module(registry.find(3323)), generated)
    text = next(
        text for _, text in pages.fences(PAGE) if text.startswith("class Pressure(Object)")
    )
    exec(text, ours)
    ours["Pressure"].table = generated["Pressure"].table
    return ours["Pressure"](probe)


def test_the_sensor_of_the_page_is_sampled_by_the_application_and_notified():
    watcher, probe = Watcher(), Probe()
    model = watcher.session.model
    model.objects[3323] = pressure(probe)
    assert watcher.observe("3323/0/5700", accept=SENML_JSON).code == 0x45
    for probe.value in (101300, 99000):
        app.sample(model)
        watcher.session.run(watcher.session.now + 1000)
        (notified,) = watcher.notified()
        assert b'"v":%d}' % probe.value in bytes(notified.payload)
        watcher.acknowledge(notified)
