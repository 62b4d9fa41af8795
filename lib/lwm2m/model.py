"""The data model: Objects with their Instances and Resources (LwM2M Core section 7).

An Object's table has four bytes a Resource, in the order of the IDs: the ID (two bytes), its
operations and nature (1 readable, 2 writable, 4 executable, 8 multiple, 16 mandatory), its type
(0 none, 1 String, 2 Integer, 3 Float, 4 Boolean, 5 Opaque, 6 Time, 7 Objlnk, 8 Unsigned Integer,
9 Corelnk). Values are str, int, bool or bytes; a Float is an int or a pair
(mantissa, exponent of ten), so that a register stays exact where floats have 24 bits; Time is
seconds since 1970; an Objlnk is a pair of IDs; a multiple Resource is a dict by Resource Instance.
"""

from micropython import const

from .errors import Lwm2mError

_NOT_FOUND = const(0x84)


class Object:
    """One Object. `instances` maps an Instance ID to its Resources, an ID to a value each.

    A Resource is present where its ID is a key. A function in place of its value is asked for it
    at each Read. What is served by an overridden `read` or `execute` has None.

    A class may have `upload(iid, rid)`. It returns the sink for an Opaque Resource that a server
    writes in blocks: `write(chunk)` for each of them in turn, then `commit()`, or `abort()` where
    it ends early. The first two may be coroutines, and may raise Lwm2mError. With None the value
    is collected and written like any other.
    """

    oid = 0
    version = "1.0"
    table = b""
    single = False  # is there one Instance at most?
    creatable = False  # may a server create and delete Instances?
    kept = False  # does what servers write outlive a restart, see snapshot.py? Plain values only
    ranges = {}  # of writable Resources: (lowest, highest), of a text or opaque its length
    model = None  # set while a server observes something of it

    def __init__(self, instances: dict):
        self.instances = instances

    def descriptor(self, rid: int) -> int:
        """The operations and nature of a Resource << 8 | its type; 0 where it has none."""
        table = self.table
        ident = rid.to_bytes(2, "big")
        i = table.find(ident)
        while i & 3:  # within an entry, or -1
            if i < 0:
                return 0
            i = table.find(ident, i + 1)
        return table[i + 2] << 8 | table[i + 3]

    def read(self, iid: int, rid: int):
        """The value of a present Resource, None if there is none yet; may raise Lwm2mError."""
        value = self.instances[iid][rid]
        return value() if callable(value) else value

    def set(self, iid: int, rid: int, value) -> None:
        """Keep a value that the device itself found; observers are notified where it differs."""
        resources = self.instances[iid]
        if resources.get(rid) != value:
            resources[rid] = value
            self.changed(iid, rid)

    def changed(self, iid: int, rid: int) -> None:
        """Observers are to look at a Resource, for its value changed. Makes no garbage.

        Without it a change shows at the next pmax or epmax only: nothing is polled.
        """
        if self.model:
            self.model.changed(self.oid, iid, rid)

    def write(self, iid: int, rid: int, value) -> None:
        """Take a value of the right type; may raise Lwm2mError, then nothing is changed."""
        self.instances[iid][rid] = value

    def check(self, iid: int, rid: int, value) -> None:
        """Refuse a value that is about to be written, by Lwm2mError; nothing is changed yet.

        The Instance is not there yet where it is about to be created.
        """

    def create(self, iid: int, resources: dict) -> None:
        """Make an Instance of checked values; may raise Lwm2mError.

        Mandatory Resources that a server cannot write are there as None.
        """
        self.instances[iid] = resources

    def delete(self, iid: int) -> None:
        """Remove an Instance; may raise Lwm2mError."""
        del self.instances[iid]

    def descriptors(self):
        """The table's Resources in order: (ID, as `descriptor` gives it)."""
        table = self.table
        for i in range(0, len(table), 4):
            yield table[i] << 8 | table[i + 1], table[i + 2] << 8 | table[i + 3]

    def execute(self, iid: int, rid: int, argument: bytes) -> None:
        """Run an executable Resource; may raise Lwm2mError."""
        raise Lwm2mError(_NOT_FOUND)


class Model:
    """All Objects of a client. `changes` counts what may matter to a registration."""

    def __init__(self, objects: list):
        self.objects = {o.oid: o for o in objects}
        self.changes = 0  # writes and executes that a server asked for
        self.listing = 0  # Objects and Instances that came or went
        self.servers = []  # the Management of each server account

    def attach(self, server) -> None:
        """Serve one server account more: its `on_change` is called, its `attributes` are kept."""
        self.servers.append(server)

    def detach(self, server) -> None:
        """Forget a server account that was closed."""
        if server in self.servers:
            self.servers.remove(server)

    def object(self, oid: int) -> Object:
        """The Object, or Lwm2mError 4.04."""
        if oid not in self.objects:
            raise Lwm2mError(_NOT_FOUND)
        return self.objects[oid]

    def changed(self, oid: int, iid: int, rid: int) -> None:
        """A value changed; rid -1: the whole Instance, which came or went."""
        for server in self.servers:
            server.on_change(oid, iid, rid)

    def time(self) -> int | None:
        """Seconds since 1970, or None while the device does not know (RFC 8428 section 4.5.3)."""
        device = self.objects.get(3)
        seconds = device.time() if device else 0
        return seconds if seconds >> 28 > 0 else None

    def registration_changed(self) -> None:
        """What may matter to a registration changed: all of them are to look."""
        self.changes += 1
        for server in self.servers:
            server.registration.attend(0)

    def instance_changed(self, oid: int, iid: int) -> None:
        """An Instance came or went."""
        self.listing += 1
        self.registration_changed()
        self.changed(oid, iid, -1)

    def forget(self, path: list) -> None:
        """Drop the attributes of a path and of all below it: it is no more."""
        for server in self.servers:
            for known in tuple(server.attributes):
                if list(known[: len(path)]) == path:
                    del server.attributes[known]
                    server.registration.revision += 1
            if server.reporting:
                server.reporting.replan()

    def resource_type(self, oid: int, rid: int) -> int:
        """The type of a Resource, 0 where no table has it."""
        obj = self.objects.get(oid)
        return obj.descriptor(rid) & 255 if obj else 0
