"""A fault of our own ends the application, so that its board starts it anew."""

import asyncio
import socket

import app
import config


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
    servers = [{"uri": "coap://127.0.0.1:%d" % port, "short_server_id": ssid} for ssid in (1, 2)]
    client, device = app.build(config.check({"servers": servers}), lambda: 0, quiet)

    async def run():
        task = asyncio.create_task(app.serve(client, device))
        await asyncio.sleep_ms(50)
        break_it(client, peer)
        await asyncio.wait_for(task, 5)

    try:
        asyncio.run(run())
    except ZeroDivisionError:
        return "raised"
    finally:
        peer.close()
    return "ended"


def fail(*arguments):
    raise ZeroDivisionError


def test_a_fault_in_receiving_ends_the_application():
    def break_it(client, peer):
        client.links[1].core.input = fail
        datagram, source = peer.recvfrom(1280)
        peer.sendto(b"hello", source)
        datagram, source = peer.recvfrom(1280)
        peer.sendto(b"hello", source)

    assert served(break_it) == "raised"


def test_a_fault_in_the_protocol_ends_the_application():
    def break_it(client, peer):
        client.links[1].core.poll = fail
        client.links[1].wake()

    assert served(break_it) == "raised"


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
    client, device = app.build(given, lambda: 0, quiet, {"temperature": {5700: probe}})

    async def run():
        task = asyncio.create_task(app._sample(client, lambda *event: logged.append(event), 0))
        await asyncio.sleep_ms(20)
        task.cancel()

    asyncio.run(run())
    assert len(asked) > 2 and logged[0][:3] == (1, "not measured", 3303)
