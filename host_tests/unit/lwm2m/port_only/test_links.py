"""Links come and go while the client runs, and one goes on after a sleep: over UDP on loopback."""

import asyncio

from far import Far, until
from far import ended as task_ended
from lab import BYTES, COUNT, NUMBER, OID, Lab
from session import ACCOUNT, meter_model
from virtual import ACK, CON, DELETE, GET, POST, PUT, parts, request

from coap.message import encode
from coap.udp import Udp
from lwm2m.client import Client
from nvstore.pack import pack, unpack

OBSERVE = 6


class Server(Far):
    """A server that accepts what a client asks."""

    async def message(self, *wait):
        """A message's parts, or None."""
        datagram = await self.recv(*wait)
        return datagram and parts(datagram)

    async def registered(self, location="x"):
        """Accept a Register; its parts."""
        register = await self.message()
        assert register[1] == POST and register[4][0] == (11, b"rd"), register
        self.reply(register, 0x41, [(8, "rd"), (8, location)])
        return register

    async def deregistered(self):
        """Accept a De-register."""
        message = await self.message()
        assert message[1] == DELETE, message
        self.reply(message, 0x42)

    def reply(self, message, code, options=()):
        self.send(encode(ACK, code, message[2], message[3], options))


def account(model, number, port):
    """One server account more, of Instance and Short Server ID `number`."""
    model.object(0).instances[number] = {
        0: "coap://127.0.0.1:%d" % port,
        1: False,
        2: 3,
        10: number,
    }
    server = dict(ACCOUNT)
    server[0] = number
    model.object(1).instances[number] = server


def model_of(*servers):
    """A model with an account per server, and a Lab."""
    model = meter_model()
    model.object(0).instances.clear()
    model.object(1).instances.clear()
    for number, server in enumerate(servers):
        account(model, number + 1, server.port)
    model.objects[OID] = Lab()
    return model


async def started(*servers):
    """(model, client, its task), registered at all servers."""
    model = model_of(*servers)
    client = Client(model, "links")
    task = asyncio.create_task(client.run())
    for server in servers:
        await server.registered()
    await until(lambda: all(link.core.location for link in client.links))
    return model, client, task


async def test_a_server_is_added_and_removed_while_the_client_runs():
    first, second = Server(), Server()
    model, client, task = await started(first)
    account(model, 7, second.port)
    link = client.add(7)
    await second.registered("second")
    await until(lambda: link.core.location)
    assert len(client.links) == len(model.servers) == 2
    second.send(request(GET, 1, "3/0/0"))
    assert (await second.message())[5] == b"Maker"
    client.remove(link)
    await second.deregistered()
    await until(lambda: link not in client.links)
    assert len(model.servers) == 1
    first.send(request(GET, 2, "3/0/0"))
    assert (await first.message())[5] == b"Maker"
    client.remove(client.links[0])
    await first.deregistered()
    await task_ended(task)
    assert model.servers == []


async def test_a_server_that_is_not_there_cannot_be_added():
    client = Client(model_of(), "links")
    for iid in (1, 65535):
        try:
            client.add(iid)
        except KeyError:
            continue
        raise AssertionError(iid)
    assert client.links == []


async def test_a_link_that_was_never_opened_is_removed():
    server = Server()
    model = model_of(server)
    client = Client(model, "links")
    client.remove(client.links[0])
    assert client.links == [] and model.servers == []


async def test_an_account_deleted_under_its_link_ends_it_and_no_other():
    first, second = Server(), Server()
    model, client, task = await started(first, second)
    second.send(request(GET, 1, "%d/0/%d" % (OID, NUMBER), [(OBSERVE, 0)]))
    assert (await second.message())[1] == 0x45
    del model.object(1).instances[2]
    del model.object(0).instances[2]
    model.instance_changed(1, 2)
    update = await first.message()  # the list of Instances is another one
    assert update[1] == POST
    first.reply(update, 0x44)
    await second.deregistered()
    await until(lambda: len(client.links) == 1)
    assert [link.account.iid for link in client.links] == [1] and len(model.servers) == 1
    model.object(OID).set(0, NUMBER, 77)  # who observed it is forgotten
    assert await second.message(100) is None
    await ended(client, task, first)


async def test_until_when_the_device_may_sleep():
    server = Server()
    model, client, task = await started(server)
    now = client.clock.now()
    at = client.deadline()
    assert now < at <= now + 300000
    server.send(request(GET, 1, "%d/0/%d" % (OID, NUMBER), [(15, "pmax=2"), (OBSERVE, 0)]))
    await server.message()
    await asyncio.sleep_ms(20)
    assert client.clock.now() < client.deadline() <= client.clock.now() + 2000
    await ended(client, task, server)
    assert client.deadline() > 1 << 40  # nothing at all is due


async def ended(client, task, *servers):
    stopping = asyncio.create_task(client.stop())
    for server in servers:
        await server.deregistered()
    await stopping
    await task_ended(task)


async def test_a_link_goes_on_after_a_sleep_without_a_register():
    server = Server()
    model, client, task = await started(server)
    path = "%d/0/%d" % (OID, NUMBER)
    server.send(request(GET, 1, path, [(OBSERVE, 0)], token=b"\x77"))
    before = await server.message()
    state = client.links[0].export()
    client.end()  # the power goes
    await task_ended(task)

    model = model_of(server)
    client = Client(model, "links")
    client.links[0].restore(state, 1000)
    assert client.links[0].account.slept == 1000  # by which a DTLS session is older
    task = asyncio.create_task(client.run())
    await asyncio.sleep_ms(50)
    assert await server.message(50) is None
    model.object(OID).set(0, NUMBER, 5)
    after = await server.message()
    assert after[0] == CON and after[3] == b"\x77" and after[5] == b"5", after
    assert int.from_bytes(after[4][0][1], "big") > int.from_bytes(before[4][0][1], "big")
    server.send(encode(ACK, 0, after[2]))
    server.send(request(GET, 2, "3/0/0"))
    assert (await server.message())[5] == b"Maker"
    await ended(client, task, server)


async def test_what_an_update_must_say_is_said_after_the_sleep():
    server = Server()
    model, client, task = await started(server)
    state = client.links[0].export()
    client.end()
    await task_ended(task)

    model = model_of(server)
    del model.objects[OID]  # a new program has other Objects
    client = Client(model, "links")
    client.links[0].restore(state)
    task = asyncio.create_task(client.run())
    update = await server.message()
    assert update[1] == POST and update[4][:2] == [(11, b"rd"), (11, b"x")]
    assert b"</3/0>" in update[5] and b"32000" not in update[5]
    server.reply(update, 0x44)
    await ended(client, task, server)


async def test_a_state_of_another_format_is_refused_and_nothing_has_changed():
    server = Server()
    client = Client(model_of(server), "links")
    try:
        client.links[0].restore((99,))
    except ValueError:
        pass
    else:
        raise AssertionError("restored")
    task = asyncio.create_task(client.run())
    await server.registered()
    await asyncio.sleep_ms(20)
    await ended(client, task, server)


async def test_a_link_that_never_registered_exports_and_registers_after_the_sleep():
    server = Server()
    state = Client(model_of(server), "links").links[0].export()
    client = Client(model_of(server), "links")
    client.links[0].restore(state)
    task = asyncio.create_task(client.run())
    await server.registered()
    await until(lambda: client.links[0].core.location)
    await ended(client, task, server)


async def test_with_the_same_objects_no_update_follows_a_sleep():
    server = Server()
    model, client, task = await started(server)
    state = client.links[0].export()
    client.end()
    await task_ended(task)
    client = Client(model_of(server), "links")
    client.links[0].restore(state)
    task = asyncio.create_task(client.run())
    await until(lambda: client.links[0].core.peer)
    await asyncio.sleep_ms(20)
    await ended(client, task, server)  # the De-register is the first that the server hears


async def test_a_send_of_a_slow_value_starts_at_once():
    server = Server()
    model, client, task = await started(server)

    async def slow():
        await asyncio.sleep_ms(10)
        return 77

    model.object(1).instances[1][23] = False  # not muted
    model.object(OID).instances[0][NUMBER] = slow
    client.sender(1).values([(OID, 0, NUMBER)], 110, None)
    message = await server.message(500)
    assert message and message[4][0] == (11, b"dp") and b"77" in bytes(message[5])
    server.reply(message, 0x44)
    await ended(client, task, server)


class Narrow(Udp):
    """UDP with a small MTU."""

    longest = 300


async def test_blocks_are_so_small_that_their_datagrams_fit():
    server = Server()
    model = model_of(server)
    client = Client(model, "links")
    client.transports["coap"] = Narrow
    logged = []
    client.links[0].core.log = lambda *event: logged.append(event)
    task = asyncio.create_task(client.run())
    await server.registered()
    await until(lambda: client.links[0].core.location)
    assert client.links[0].core.peer.szx == 3  # 128 bytes; 256 and the options do not fit
    model.object(OID).instances[0][BYTES] = bytes(400)
    server.send(request(GET, 5, "%d/0/%d" % (OID, BYTES), [(17, 42)]))
    answer = await server.message()
    assert answer[1] == 0x45 and len(answer[5]) == 128
    assert [event for event in logged if event[1] == "too long"] == []
    client.end()
    await task_ended(task)


async def test_stop_while_registering_ends_at_once_without_a_word():
    server = Server()
    client = Client(model_of(server), "links")
    task = asyncio.create_task(client.run())
    assert (await server.message())[4][0] == (11, b"rd")
    begun = client.clock.now()
    await client.stop()
    await task_ended(task)
    assert client.clock.now() - begun < 4000  # not the five seconds that a De-register may take
    assert client.links == [] and await server.message(50) is None


async def test_what_is_asked_of_a_link_that_sleeps_is_done_at_once():
    server = Server()
    model, client, task = await started(server)
    link = client.links[0]
    server.send(request(GET, 1, "%d/0/%d" % (OID, NUMBER), [(OBSERVE, 0)]))
    await server.message()
    await until(lambda: link._wake_at > client.clock.now() + 100000)
    model.object(OID).set(0, NUMBER, 5)
    notified = await server.message()
    assert notified[5] == b"5"
    server.send(encode(ACK, 0, notified[2]))
    await until(lambda: link._wake_at > client.clock.now() + 100000)
    client.restart()
    await server.registered()
    await until(link.core.ready)
    await ended(client, task, server)


async def test_what_is_known_by_a_sleep_holds_for_the_first_transport_only():
    server = Server()
    model, client, task = await started(server)
    state = client.links[0].export()
    client.end()
    await task_ended(task)
    client = Client(model_of(server), "links")
    client.links[0].restore(state)
    task = asyncio.create_task(client.run())
    await until(lambda: client.links[0].core.peer)
    client.restart()  # the device's address is another one, and there is no DTLS to know it by
    await server.registered("y")
    await until(lambda: client.links[0].core.location == [b"rd", b"y"])
    await ended(client, task, server)


async def test_five_observations_and_four_sets_of_attributes_fit_into_512_bytes():
    """What an ESP32 keeps over deep sleep is 2,048 B, for all servers."""
    server = Server()
    model, client, task = await started(server)
    paths = ["%d/0/%d" % (OID, rid) for rid in (NUMBER, COUNT)] + ["3/0/0", "3/0/1", "1/1/1"]
    for number, name in enumerate(paths):
        if number < 4:
            query = [(15, "pmin=60"), (15, "pmax=86400")]
            query += [(15, "gt=100000"), (15, "st=500")] if number < 2 else []
            server.send(request(PUT, number, name, query))
            assert (await server.message())[1] == 0x44
        token = bytes((number,)) * 8  # as long as Leshan's
        server.send(request(GET, 20 + number, name, [(OBSERVE, 0), (17, 112)], token=token))
        answer = await server.message()
        assert answer[1] == 0x45, (name, answer)
    link = client.links[0]
    record = pack(link.export())
    assert 100 < len(record) <= 512, len(record)
    client.end()
    await task_ended(task)

    model = model_of(server)
    client = Client(model, "links")
    client.links[0].restore(unpack(record), 1000)
    task = asyncio.create_task(client.run())
    await asyncio.sleep_ms(50)
    before, after = unpack(record), client.links[0].export()
    assert after[:6] == before[:6]
    sets = [{path: dict(named) for path, named in state[8]} for state in (before, after)]
    assert len(sets[0]) == 4 and sets[0] == sets[1]
    assert [entry[:4] for entry in after[9][1:]] == [entry[:4] for entry in before[9][1:]]
    await ended(client, task, server)


async def test_the_log_says_whether_the_server_knows_this_client():
    server = Server()
    logged = []
    model = model_of(server)
    client = Client(model, "links", log=lambda *event: logged.append(event))
    task = asyncio.create_task(client.run())
    await server.registered()
    await until(lambda: client.links[0].core.location)
    uri = "coap://127.0.0.1:%d" % server.port
    assert logged[0] == (3, "registering at", uri, "links"), logged
    state = client.links[0].export()
    client.end()
    await task_ended(task)

    logged.clear()
    client = Client(model_of(server), "links", log=lambda *event: logged.append(event))
    client.links[0].restore(state)
    task = asyncio.create_task(client.run())
    await asyncio.sleep_ms(50)
    assert logged[0] == (3, "back at", uri, "links"), logged
    await ended(client, task, server)
