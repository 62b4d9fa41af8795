"""What ends the application, so that its board starts it anew, and what does not."""

import asyncio
import socket

from counted import counting
from far import ended, until
from firmware import app
from firmware.config import settings as config


def quiet(*event):
    pass


def served(break_it):
    """What `app.serve` raises for a meter at two servers that `break_it(client, peer)` breaks."""
    port = 40000
    while True:
        try:
            peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            peer.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
            break
        except OSError:
            port += 1
    whole = config.check({"servers": [{"uri": "coap://127.0.0.1:%d" % port}]})
    whole["servers"].append(dict(whole["servers"][0], short_server_id=2))
    client, device = app.build(whole, quiet, counting())

    async def run():
        task = asyncio.create_task(app.serve(client))
        await until(lambda: all(link.used for link in client.links))
        await asyncio.sleep_ms(50)  # each has sent its Register
        break_it(client, peer)
        await ended(task)

    try:
        asyncio.run(run())
    except ZeroDivisionError:
        return "raised"
    finally:
        peer.close()
    return "ended"


def fail(*arguments):
    raise ZeroDivisionError


def test_a_transport_that_fails_ends_the_application():
    def break_it(client, peer):
        for link in client.links:
            link.transport.recv = fail
        datagram, source = peer.recvfrom(1280)
        peer.sendto(b"hello", source)

    assert served(break_it) == "raised"


def test_a_fault_in_the_protocol_ends_nothing_unless_it_lasts():
    def break_it(client, peer):
        client.links[1].core.poll = client.links[1].core.input = fail
        client.links[1].wake()
        client.model.object(3).execute(0, 4, b"")

    assert served(break_it) == "ended"


def test_a_reboot_ends_it_in_peace():
    def break_it(client, peer):
        client.model.object(3).execute(0, 4, b"")

    assert served(break_it) == "ended"


def test_a_probe_that_fails_is_asked_again():
    asked = []
    logged = []

    def probe():
        asked.append(1)
        if len(asked) < 3:
            raise OSError(5)
        return 215, -1

    given = config.check({"temperature": {}})
    client, device = app.build(given, quiet, counting(temperature={5700: probe}))

    async def run():
        task = asyncio.create_task(
            app._sampling(client.model, lambda *event: logged.append(event), 0)
        )
        await until(lambda: len(asked) > 2)
        task.cancel()

    asyncio.run(run())
    assert len(asked) > 2 and logged[0][:3] == (1, "not measured", 3303)


def test_every_object_that_has_sample_is_sampled():
    class Probe:
        oid = 33000
        samples = 0

        def sample(self):
            self.samples += 1

    client, device = app.build(config.check({"temperature": {"value": 1}}), quiet, counting())
    probe = client.model.objects[Probe.oid] = Probe()
    app.sample(client.model)
    app.sample(client.model)
    assert probe.samples == 2


def test_nothing_is_measured_once_the_application_has_failed():
    client, device = app.build(config.check({"temperature": {"value": 1}}), quiet, counting())
    measured = []
    client.model.object(3303).sample = lambda: measured.append(1)

    async def run():
        client.run = fail
        try:
            await app.serve(client, 0)
        except ZeroDivisionError:
            measured.clear()
            await asyncio.sleep_ms(50)
            return measured
        raise AssertionError("goes on")

    assert asyncio.run(run()) == []
