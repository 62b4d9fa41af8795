"""Slow handlers in the client's own event loop, over real UDP on loopback."""

import asyncio
import socket

from lab import OID, Lab
from session import meter_model
from virtual import ACK, CON, GET, PUT, parts, request

from coap.message import encode
from lwm2m.client import Client

PATH = "%d/0/0" % OID


class SlowLab(Lab):
    """Resource 0 takes its time; how many reads are under way is counted."""

    wait = 100

    async def read(self, iid, rid):
        await asyncio.sleep_ms(self.wait)
        return super().read(iid, rid)

    async def write(self, iid, rid, value):
        await asyncio.sleep_ms(self.wait)
        raise OSError(5)


class Server:
    """A socket that registers the client and then asks it."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for self.port in range(21000, 60000, 7):
            try:
                self.socket.bind(socket.getaddrinfo("127.0.0.1", self.port)[0][-1])
                break
            except OSError:
                continue
        self.socket.setblocking(False)
        self.far = None

    async def recv(self, wait=1000):
        """A message's parts within `wait` ms, or None."""
        for _ in range(wait // 5):
            try:
                datagram, self.far = self.socket.recvfrom(2000)
                return parts(datagram)
            except OSError:
                await asyncio.sleep_ms(5)
        return None

    def send(self, datagram):
        self.socket.sendto(bytes(datagram), self.far)

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
    await asyncio.sleep_ms(20)
    return server, lab, client, task


async def ended(server, client, task):
    stopping = asyncio.create_task(client.stop())
    leave = await server.recv()
    server.send(encode(ACK, 0x42, leave[2], leave[3]))
    await stopping
    await asyncio.wait_for_ms(task, 500)
    server.socket.close()


async def test_a_slow_read_is_answered_apart_and_others_meanwhile():
    server, lab, client, task = await started()
    server.send(request(GET, 1, PATH, token=b"\x09"))
    assert await server.recv() == (ACK, 0, 1, b"", [], b"")
    server.send(request(GET, 2, "3/0/0"))
    assert (await server.recv())[5] == b"Maker"
    sent = await server.recv()
    assert (sent[0], sent[1], sent[3], sent[5]) == (CON, 0x45, b"\x09", b"one")
    server.acknowledge(sent)
    assert client.links[0].management.running == 0
    await ended(server, client, task)


async def test_four_run_at_once_and_a_fifth_is_refused():
    server, lab, client, task = await started()
    for mid in range(5):
        server.send(request(GET, mid, PATH))
    codes = []
    for _ in range(5):
        codes.append((await server.recv())[1])
    assert codes == [0, 0, 0, 0, 0xA3], codes
    start = client.clock.now()
    for _ in range(4):
        sent = await server.recv()
        assert sent[5] == b"one"
        server.acknowledge(sent)
    assert client.clock.now() - start < 250
    await ended(server, client, task)


async def test_a_fault_of_a_slow_handler_is_answered():
    server, lab, client, task = await started()
    server.send(request(PUT, 1, PATH, (), b"new"))
    assert (await server.recv())[1] == 0
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
    assert await server.recv(300) is None
    assert client.links[0].management.running == 0
    server.send(request(GET, 2, "3/0/0"))
    assert (await server.recv())[5] == b"Maker"
    await ended(server, client, task)
