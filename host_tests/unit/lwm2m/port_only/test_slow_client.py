"""Slow handlers in the client's own event loop, over real UDP on loopback."""

import asyncio

from far import Far, until
from far import ended as task_ended
from lab import OID, Lab
from session import meter_model
from virtual import ACK, CON, GET, PUT, parts, request

from coap.message import encode
from lwm2m.client import Client

PATH = "%d/0/0" % OID


class SlowLab(Lab):
    """Resource 0 takes its time, until `ready` is set; how many reads are under way is counted."""

    def __init__(self):
        super().__init__()
        self.ready = asyncio.Event()
        self.under_way = 0

    async def read(self, iid, rid):
        self.under_way += 1
        await self.ready.wait()
        self.under_way -= 1
        return super().read(iid, rid)

    async def write(self, iid, rid, value):
        await self.ready.wait()
        raise OSError(5)


class Server(Far):
    """What registers the client and then asks it."""

    async def recv(self, *wait):
        """A message's parts within `wait` ms, or None."""
        datagram = await super().recv(*wait)
        return datagram and parts(datagram)

    def acknowledge(self, sent):
        self.send(encode(ACK, 0, sent[2]))


async def started():
    """(server, lab, client, its task), registered."""
    server = Server()
    lab = SlowLab()
    model = meter_model()
    model.object(0).instances[0][0] = "coap://127.0.0.1:%d" % server.port
    model.objects[OID] = lab
    client = Client(model, "slow")
    task = asyncio.create_task(client.run())
    register = await server.recv()
    server.send(encode(ACK, 0x41, register[2], register[3], [(8, "rd"), (8, "x")]))
    await until(lambda: client.links[0].core.location)
    return server, lab, client, task


async def ended(server, client, task):
    stopping = asyncio.create_task(client.stop())
    leave = await server.recv()
    server.send(encode(ACK, 0x42, leave[2], leave[3]))
    await stopping
    await task_ended(task)
    server.socket.close()


async def test_a_slow_read_is_answered_apart_and_others_meanwhile():
    server, lab, client, task = await started()
    server.send(request(GET, 1, PATH, token=b"\x09"))
    assert await server.recv() == (ACK, 0, 1, b"", [], b"")
    server.send(request(GET, 2, "3/0/0"))
    assert (await server.recv())[5] == b"Maker"
    lab.ready.set()
    sent = await server.recv()
    assert (sent[0], sent[1], sent[3], sent[5]) == (CON, 0x45, b"\x09", b"one")
    server.acknowledge(sent)
    assert client.links[0].management.slow.running == []
    await ended(server, client, task)


async def test_four_run_at_once_and_a_fifth_is_refused():
    server, lab, client, task = await started()
    for mid in range(5):
        server.send(request(GET, mid, PATH))
    codes = []
    for _ in range(5):
        codes.append((await server.recv())[1])
    assert codes == [0, 0, 0, 0, 0xA3], codes
    assert lab.under_way == 4
    lab.ready.set()
    for _ in range(4):
        sent = await server.recv()
        assert sent[5] == b"one"
        server.acknowledge(sent)
    await ended(server, client, task)


async def test_a_fault_of_a_slow_handler_is_answered():
    server, lab, client, task = await started()
    server.send(request(PUT, 1, PATH, (), b"new"))
    assert (await server.recv())[1] == 0
    lab.ready.set()
    sent = await server.recv()
    assert sent[:2] == (CON, 0xA0) and lab.instances[0][0] == "one"
    server.acknowledge(sent)
    await ended(server, client, task)


async def test_an_answer_is_dropped_with_the_registration_it_belongs_to():
    server, lab, client, task = await started()
    server.send(request(GET, 1, PATH))
    await server.recv()
    client.restart()
    register = await server.recv()
    assert register[4][0] == (11, b"rd")
    server.send(encode(ACK, 0x41, register[2], register[3], [(8, "rd"), (8, "y")]))
    lab.ready.set()
    assert await server.recv(300) is None
    assert client.links[0].management.slow.running == []
    server.send(request(GET, 2, "3/0/0"))
    assert (await server.recv())[5] == b"Maker"
    await ended(server, client, task)
