"""What runs the device's tasks on the virtual clock, in place of MicroPython's asyncio."""

from contextlib import contextmanager

import coap.endpoint
import dtls.crypto
import dtls.record
import lwm2m.bootstrap.client
import lwm2m.client
import lwm2m.link
import nvstore.store
from coap.peer import Peer
from coap.udp import Transport

NEVER = 1 << 60


class Task:
    """A coroutine, and when it goes on."""

    def __init__(self, coroutine, at):
        self.coroutine = coroutine
        self.at = at

    def cancel(self):
        """End it."""
        self.coroutine.close()
        self.at = NEVER


class Sleep:
    """What `sleep_ms` returns."""

    def __init__(self, ms):
        self.ms = ms

    def __await__(self):
        yield self.ms


class Clock:
    """Milliseconds since the device started."""

    def __init__(self):
        self.shell = Shell.current

    def now(self):
        """They."""
        return self.shell.now()


class Shell:
    """The tasks of one start of the device. It stands for the module asyncio, too."""

    current = None
    running = None

    def __init__(self, world):
        self.world = world
        self.began = world.now
        self.tasks = []
        Shell.current = self

    def now(self):
        """The device's time."""
        return self.world.now - self.began

    def deadline(self):
        """When a task goes on next."""
        return min([task.at for task in self.tasks], default=NEVER)

    def step(self):
        """Let each task that is due go on."""
        for task in tuple(self.tasks):
            if task.at > self.world.now:
                continue
            self.running = task
            try:
                task.at = self.world.now + max(task.coroutine.send(None), 1)
            except StopIteration:
                task.at = NEVER
            finally:
                self.running = None
            if task.at == NEVER:
                self.tasks.remove(task)
        client = self.world.client
        assert not getattr(client, "fault", None), client.fault

    def end(self):
        """The device is off."""
        for task in self.tasks:
            task.coroutine.close()

    def read(self, way):
        """What the reader of a Link does with what its socket has."""
        for link in self.world.client.links:
            transport = link.transport
            if transport and getattr(transport, "lower", transport) is way:
                while link.transport is transport and (way.inbox or getattr(transport, "got", 0)):
                    datagram = transport.recv()
                    if datagram is None:
                        link.wake()
                    else:
                        link.core.input(datagram, self.now())
                    link.flush()
                return

    def create_task(self, coroutine):
        """As asyncio's. A reader is a generator: `read` does its work."""
        task = Task(coroutine, self.world.now)
        if hasattr(coroutine, "cr_frame"):
            self.tasks.append(task)
        return task

    def resume(self, task):
        """As wakeup's."""
        if task is not self.running and task.at < NEVER:
            task.at = self.world.now


class Asyncio:
    """The module, as the device's shells use it."""

    @staticmethod
    def create_task(coroutine):
        return Shell.current.create_task(coroutine)

    @staticmethod
    def current_task():
        return Shell.current.running

    @staticmethod
    def sleep_ms(ms):
        return Sleep(ms)


class Socket(Transport):
    """A UDP socket of the device."""

    closed = False

    def __init__(self, world, host, boot):
        self.world = world
        self.host = host
        self.boot = boot
        self.inbox = []

    def send(self, datagram):
        if not self.closed:
            self.world.from_device(self, datagram)

    def recv(self):
        return self.inbox.pop(0) if self.inbox else None

    def close(self):
        self.closed = True


class Disk:
    """`os` of the device that runs."""

    def __getattr__(self, name):
        return getattr(Shell.current.world.files, name)


def _open(path, mode):
    return Shell.current.world.files.open(path, mode)


def _peer(handler):
    return Peer(handler, Shell.current.world.random.randbytes)


def _keyed(made):
    def init(self, key, salt, tag=8):
        made(self, key, salt, tag)
        self.whole = key + salt

    return init


def _noted(seal):
    def noted(self, kind, data):
        number = self.out.whole, self.seq
        record = seal(self, kind, data)
        Shell.current.world.sealed[bytes(record)] = number
        return record

    return noted


@contextmanager
def virtual():
    """Have the modules of the device use this shell; and note what is sealed by which key."""
    changes = [
        (coap.endpoint, "asyncio", Asyncio),
        (coap.endpoint, "resume", lambda task: Shell.current.resume(task)),
        (lwm2m.link, "asyncio", Asyncio),
        (lwm2m.link, "Peer", _peer),
        (lwm2m.bootstrap.client, "asyncio", Asyncio),
        (lwm2m.client, "Clock", Clock),
        (nvstore.store, "open", _open),
        (nvstore.store, "os", Disk()),
        (dtls.crypto.Ccm, "__init__", _keyed(dtls.crypto.Ccm.__init__)),
        (dtls.record.Records, "seal", _noted(dtls.record.Records.seal)),
    ]
    before = [(where, name, vars(where).get(name)) for where, name, _ in changes]
    for where, name, what in changes:
        setattr(where, name, what)
    try:
        yield
    finally:
        for where, name, what in before:
            if what is None:
                delattr(where, name)
            else:
                setattr(where, name, what)
