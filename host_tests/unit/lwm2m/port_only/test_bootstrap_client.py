"""The whole client with a bootstrap server, over UDP on loopback."""

import asyncio

from bootstrapping import TLV, bare_model, security, server
from far import Far, until
from far import ended as task_ended
from virtual import ACK, DELETE, POST, PUT, parts, request

from coap.message import encode
from lwm2m.bootstrap.client import BootstrapClient

QUICK = {"ack_timeout": 100, "ack_random": 1000}


class Server(Far):
    """Any server: what it hears, and what it says."""

    mid = 500

    async def heard(self, path, code=POST):
        """The next request for `path`; acknowledgements and repeats are passed over."""
        while True:
            datagram = await self.recv()
            assert datagram, path
            message = parts(datagram)
            if message[1] == code and message[4][:1] == [(11, path)]:
                return message

    def reply(self, message, code, options=()):
        self.send(encode(ACK, code, message[2], message[3], options))

    async def ask(self, code, path, body=b""):
        """The code that answers a request."""
        self.mid += 1
        self.send(request(code, self.mid, path, TLV if body else (), body))
        while True:
            message = parts(await self.recv())
            if message[2] == self.mid and message[0] == ACK:
                return message[1]

    async def registers(self, location="x"):
        """Accept a Register."""
        self.reply(await self.heard(b"rd"), 0x41, [(8, "rd"), (8, location)])

    async def bootstraps(self, uri):
        """Accept a Bootstrap-Request, and write an account; the code of the Finish."""
        self.reply(await self.heard(b"bs"), 0x44)
        assert await self.ask(DELETE, "0") == await self.ask(DELETE, "1") == 0x42
        assert await self.ask(PUT, "0/0", security(uri, 1)) == 0x44
        body = server(1)
        assert await self.ask(PUT, "1/0", body) == 0x44
        return await self.ask(POST, "bs")


def uri(far):
    return "coap://127.0.0.1:%d" % far.port


def started(bs, **settings):
    """(client, its task) of a device that knows only its bootstrap server."""
    settings.setdefault("retry_timer", 1)
    model = bare_model(uri(bs))
    client = BootstrapClient(model, "links", parameters=QUICK, bootstrap=settings)
    return client, asyncio.create_task(client.run())


async def ended(client, task):
    client.end()
    await task_ended(task)


async def test_ets_1_it_registers_at_the_server_that_was_written():
    bs, dm = Server(), Server()
    client, task = started(bs)
    assert await bs.bootstraps(uri(dm)) == 0x44
    await dm.registers()
    await until(lambda: client.bootstrap.core.before is None)
    assert len(client.links) == 2
    dm.send(request(1, 9, "3/0/0"))
    assert parts(await dm.recv())[5] == b"Maker"
    await ended(client, task)


async def test_ets_5_another_server_after_the_trigger_and_the_old_one_is_left():
    bs, dm, other = Server(), Server(), Server()
    client, task = started(bs)
    await bs.bootstraps(uri(dm))
    await dm.registers()
    await until(lambda: client.bootstrap.core.before is None)
    assert await dm.ask(POST, "1/0/9") == 0x44
    assert await bs.bootstraps(uri(other)) == 0x44
    dm.reply(await dm.heard(b"rd", DELETE), 0x42)
    await other.registers()
    await until(lambda: client.bootstrap.core.before is None)
    assert [link.account.uri for link in client.links[1:]] == [uri(other)]
    await ended(client, task)


async def test_a_server_that_does_not_answer_the_de_register_holds_nothing_up():
    bs, dm = Server(), Server()
    client, task = started(bs)
    await bs.bootstraps(uri(dm))
    await dm.registers()
    await until(lambda: client.bootstrap.core.before is None)
    client.links[1].core.peer.max_retransmit = 9  # it goes on for longer than is waited
    assert await dm.ask(POST, "1/0/9") == 0x44
    other = Server()
    await bs.bootstraps(uri(other))
    await other.registers()
    await until(lambda: client.bootstrap.core.before is None)
    assert [link.account.uri for link in client.links[1:]] == [uri(other)]
    await ended(client, task)


async def test_the_same_account_written_anew_is_updated():
    bs, dm = Server(), Server()
    client, task = started(bs)
    await bs.bootstraps(uri(dm))
    await dm.registers()
    await until(lambda: client.bootstrap.core.before is None)
    link = client.links[1]
    client.model.object(1).instances[0].pop(12, None)
    assert await dm.ask(POST, "1/0/9") == 0x44
    await bs.bootstraps(uri(dm))
    update = await dm.heard(b"rd")
    assert update[4][1] == (11, b"x")
    dm.reply(update, 0x44)
    await until(lambda: client.bootstrap.core.before is None)
    assert client.links[1] is link and len(client.links) == 2
    await ended(client, task)


async def test_a_dead_account_leads_back_to_the_bootstrap_server():
    bs, dm = Server(), Server()
    client, task = started(bs)
    client.clock._now = 10**7
    bs.reply(await bs.heard(b"bs"), 0x44)
    from lab import resource

    quick = server(1) + resource(17, b"\1") + resource(18, b"\1") + resource(20, b"\1")
    assert await bs.ask(PUT, "0/1", security("coap://127.0.0.1:9", 1)) == 0x44
    assert await bs.ask(PUT, "1/0", quick) == 0x44
    assert await bs.ask(POST, "bs") == 0x44
    await bs.bootstraps(uri(dm))
    await dm.registers()
    await until(lambda: client.bootstrap.core.before is None)
    assert [link.account.uri for link in client.links[1:]] == [uri(dm)]
    await ended(client, task)


async def test_it_ends_when_it_is_stopped():
    bs, dm = Server(), Server()
    client, task = started(bs)
    await bs.bootstraps(uri(dm))
    await dm.registers()
    await until(lambda: client.links[1].core.location)
    stopping = asyncio.create_task(client.stop())
    dm.reply(await dm.heard(b"rd", DELETE), 0x42)
    await task_ended(stopping)
    await task_ended(task)
    assert client.links == [] and client.model.servers == []


async def test_a_purged_account_leaves_the_other():
    bs, dm = Server(), Server()
    model = bare_model(uri(bs), 0, _12=1)
    client = BootstrapClient(model, "links", parameters=QUICK)
    task = asyncio.create_task(client.run())
    bs.reply(await bs.heard(b"bs"), 0x44)
    assert await bs.ask(PUT, "0/0", security(uri(dm), 1)) == 0x44
    assert await bs.ask(PUT, "1/0", server(1)) == 0x44
    assert await bs.ask(POST, "bs") == 0x44
    await dm.registers()
    await until(lambda: len(client.links) == 1)
    assert client.links[0].account.uri == uri(dm)
    assert list(model.object(0).instances) == [0]
    await ended(client, task)
