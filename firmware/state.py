"""What outlives a reboot and a power cut, by nvstore. Imported only where the board has storage.

There are two kinds of record below the folder:

- "objects", a configuration record: (checksum of the configuration file, what servers wrote into
  the Objects that are kept, see lwm2m.snapshot).
- "1", "2"..., by Short Server ID, a freshness record per server account: (checksum of endpoint,
  address and identity, seconds since 1970 or 0, session of DTLS, state of the Link). Where the
  board has memory that a reset keeps, it is there, if it fits.

What must not be used twice is reserved in jumps, once it is stored: sequence numbers of DTLS by
the session itself, before the first of them is used; Message IDs and numbers of notifications with
them, or when half of them are used.
"""

from binascii import crc32

from micropython import const

from lwm2m import persistence, snapshot
from lwm2m.account import accounts
from nvstore.pack import pack, unpack
from nvstore.store import Store, StoreError

_STATE_VERSION = const(1)  # of both kinds
_RESERVED_AHEAD = const(256)
_MEMORY_BYTES = const(2048)  # of an ESP32's RTC
_NEVER = const(0xFFFFFFFFFFF)
_KNOWN_TIME = const(1735689600)  # 2025: a clock that shows less was never set
_PAUSE_MS = const(2000)  # between two writes that can wait
_CREDIT = const(32)  # writes that come one pause after the other; then it is one per _EARN_MS
_EARN_MS = const(60000)
_HOUR_MS = const(3600000)
_OBJECTS = "objects"


class Kept:
    """The record of one Link; for its DTLS the store of the session, see dtls.session."""

    session = b""
    revision = -1  # of the registration, when it was written
    number = mid = 0
    at = 0  # when it was written

    def __init__(self, state, link):
        self.state = state
        self.link = link
        account = link.account
        self.name = str(account.short_server_id)
        known = "%s %s %s" % (link.client.endpoint, account.uri, account.identity)
        self.context = crc32(known.encode()) & 0x3FFFFFFF

    def restore(self) -> None:
        """Have the Link go on from its record, if there is one that is for it."""
        data = self.state.load(self.name)
        if data is None:
            return
        link = self.link
        try:
            context, written, self.session, kept = unpack(data)
            if context != self.context:
                self.session = b""
                return
            now = self.state.time() or 0
            link.restore(kept, (now - written) * 1000 if now >= written > 0 else 0)
        except (ValueError, TypeError, LookupError) as error:
            self.session = b""
            self.state.log(1, "state not used", self.name, error)
            return
        registration = link.core
        if self.session:
            # The server knows us by its session, but may look for us at another address, or
            # have forgotten us where nobody knows how long we were away: an Update follows.
            soon = link.clock.now() + registration.update_pause * 1000
            registration.at = min(registration.at, soon)
            self._note()
        elif link.restored:
            self._reserve()
            registration.at = _NEVER  # an Update first: only by that it knows another address

    def _reserve(self):
        # Before the first number is used: power may go again. A session does so by itself
        try:
            self.save()
        except StoreError as error:
            self.state.log(1, "state not kept", error.code)

    def _note(self):
        link = self.link
        registration = link.core
        reporting = link.management.reporting
        self.revision = registration.revision
        self.number = reporting.number if reporting else 0
        self.mid = registration.peer.mid if registration.peer else link.mid
        self.at = link.clock.now()

    def due(self, now: int) -> bool:
        """Does the record lack something, or is half of what is reserved used?"""
        link = self.link
        registration = link.core
        if registration.revision != self.revision or now - self.at >= _HOUR_MS:
            return True
        core = link.account.session
        if hasattr(core, "reserve") and core.established and not core.limit:
            return True  # there are other keys now
        reporting = link.management.reporting
        if reporting and (reporting.number - self.number & 0xFFFFFF) > _RESERVED_AHEAD >> 1:
            return True
        peer = registration.peer
        return bool(peer) and (peer.mid - self.mid & 0xFFFF) > _RESERVED_AHEAD >> 1

    def save(self) -> None:
        """Write the record now. May raise StoreError."""
        account = self.link.account
        witness = b""
        if self.session:
            witness = account.session.witness if account.session else account.witness
        kept = persistence.state(self.link, witness, _RESERVED_AHEAD)
        data = pack((self.context, self.state.time() or 0, self.session, kept))
        self.state.save(self.name, data)
        self._note()

    def refresh(self) -> None:
        """Write the record, a session's with numbers reserved anew. May raise StoreError."""
        core = self.link.account.session
        if hasattr(core, "reserve") and core.established:
            core.export(self.link.clock.now())  # which comes to `put`
        else:
            self.save()

    # The store of a session

    def put(self, record: bytes) -> None:
        """Replace the session. May raise OSError."""
        self.session = bytes(record)
        try:
            self.save()
        except StoreError as error:
            raise OSError(error.code)

    def get(self) -> tuple:
        """(session or None, None)."""
        return self.session or None, None

    def spend_up_to(self, number: int) -> None:
        """There are no sessions here that are used once."""


def _registering(client):
    # All Links but that of a bootstrap server, which has no registration
    return [link for link in client.links if link.account.short_server_id > 0]


class State:
    """All records. `memory`, if the board has it, is such as an ESP32's `RTC().memory`."""

    def __init__(self, folder: str, checksum: int, log, memory=None):
        """`checksum` is that of the configuration file."""
        self.store = Store(folder, log)
        self.checksum = checksum
        self.log = log
        self.memory = None
        if memory:
            from nvstore.memory import Memory

            self.memory = Memory(memory, memory, _MEMORY_BYTES)
        self.model = None
        self.client = None
        self.kept = []
        self.writes = 0  # since the start
        self._seen = ()  # what counts the changes of the model
        self._sum = -1  # of what servers have written, as it is stored or was configured
        self._skipped = False  # were the Objects, this time?
        self._credit = _CREDIT << 16
        self._earned_at = self._tried_at = 0
        self.hold = False  # True while accounts are on trial: what servers wrote is not stored

    # What comes back

    def accounts(self, model) -> None:
        """Have the accounts, Objects 0 to 2, as servers have written them.

        Not what was written before the configuration file was replaced: then the file holds.
        """
        self.model = model
        self._sum = 0
        self._restore(True)

    def objects(self) -> None:
        """Have the model's other Objects as servers have written them."""
        self._restore(False)

    def _restore(self, first):
        # The accounts, or what comes after them
        model = self.model
        record = self.store.load(_OBJECTS)
        if not record or record[0] != _STATE_VERSION:
            return
        try:
            checksum, kept = unpack(record[1])
            if checksum != self.checksum:
                self._sum = -1  # it is to be replaced
                if first:
                    return
            before = snapshot.export(model, (0, 1))
            kept = kept[:1] + tuple([entry for entry in kept[1:] if (entry[0] < 3) == first])
            snapshot.restore(model, kept)
            if not accounts(model):
                snapshot.restore(model, before)
        except (ValueError, TypeError, LookupError) as error:
            self.log(1, "state not used", _OBJECTS, error)

    def links(self, client) -> None:
        """Have the client, before it runs, go on at each server where it was."""
        self._attach(client)
        for link in _registering(client):
            self._kept(link).restore()

    def begin(self, client) -> None:
        """Keep from now on what a client has that runs already; nothing was stored."""
        self.model = client.model
        self._sum = -1 if client.model.changes else 0
        self._attach(client)

    def _attach(self, client):
        self.client = client
        if not self._sum:
            self._sum = crc32(self._written())
        for link in _registering(client):
            core = link.account.session
            if hasattr(core, "reserve"):
                core.store = self._kept(link)

    def session(self, account):
        """Where the DTLS session of an account is kept."""
        for link in _registering(self.client):
            if link.account is account:
                return self._kept(link)
        return None

    def _kept(self, link):
        for kept in self.kept:
            if kept.link is link:
                return kept
        kept = Kept(self, link)
        self.kept.append(kept)
        return kept

    def time(self) -> int | None:
        """Seconds since 1970, None where the clock was not set."""
        seconds = self.model.time()
        return seconds if seconds and seconds >= _KNOWN_TIME else None

    # What is written

    def poll(self, now: int) -> None:
        """Write what lacks something, in one record at most; to be called about each second."""
        if not self.client or now - self._tried_at < _PAUSE_MS:
            return
        self._credit = min(
            self._credit + ((now - self._earned_at) << 16) // _EARN_MS, _CREDIT << 16
        )
        self._earned_at = now
        if self._credit >> 16 and self._work(now):
            self._tried_at = now
            self._credit -= 1 << 16

    def _work(self, now):
        # One write, if there is one to be made; what cannot be stored lets others have their turn
        skipped, self._skipped = self._skipped, False
        try:
            for kept in self.kept:
                if kept.link not in self.client.links:
                    self.kept.remove(kept)
                    if kept.name not in [other.name for other in self.kept]:
                        self._delete(kept.name)
                    return True
            seen = self.model.changes, self.model.listing
            if seen != self._seen and not self.hold and not skipped:
                self._seen = seen
                if self._save_objects():
                    return True
            for link in _registering(self.client):
                kept = self._kept(link)
                if kept.due(now):
                    kept.refresh()
                    return True
        except StoreError as error:
            self._seen = ()
            self._skipped = not skipped
            self.log(1, "state not kept", error.code)
            return True
        return False

    def _written(self):
        oids = sorted([oid for oid, obj in self.model.objects.items() if obj.kept])
        return pack((self.checksum, snapshot.export(self.model, oids)))

    def _save_objects(self):
        data = self._written()
        if crc32(data) == self._sum:
            return False
        written = self._counted(self.store.save(_OBJECTS, data, _STATE_VERSION))
        self._sum = crc32(data)
        return written

    def leave(self) -> None:
        """Write all before a reboot; nothing is sent afterwards, no goodbye either."""
        if not self.client:
            return
        try:
            if not self.hold:
                self._save_objects()
            for kept in self.kept:
                kept.refresh()
                transport = kept.link.transport
                if kept.session and transport:
                    transport.suspend()
        except StoreError as error:
            self.log(1, "state not kept", error.code)

    def end(self) -> None:
        """The client has de-registered everywhere: what servers knew of it is no more.

        From now on nothing is written.
        """
        self.client = None
        for kept in self.kept:
            self._delete(kept.name)

    def forget(self) -> None:
        """Factory reset: nothing of all that outlives it, and nothing is written any more."""
        self.end()
        self._delete(_OBJECTS)

    # Records

    def load(self, name: str) -> bytes | None:
        """A freshness record, if there is one of this version."""
        record = self.memory and self.memory.load(name) or self.store.load(name, True)
        return record[1] if record and record[0] == _STATE_VERSION else None

    def save(self, name: str, data: bytes) -> None:
        """Replace a freshness record. May raise StoreError.

        Of the memory and the folder only one ever has it: the other could bring back what is old.
        """
        if not self.client:
            return  # and so nothing can come back
        if self.memory:
            self.store.delete(name)
            try:
                self._counted(self.memory.save(name, data, _STATE_VERSION))
                return
            except StoreError:  # it does not fit
                self.memory.delete(name)
        self._counted(self.store.save(name, data, _STATE_VERSION, True))

    def _counted(self, written):
        self.writes += written
        return written

    def _delete(self, name):
        try:
            if self.memory:
                self.memory.delete(name)
            self.store.delete(name)
        except StoreError as error:
            self.log(1, "state not kept", error.code)


def checksum(path: str, more: bytes = b"") -> int:
    """That of a configuration file, and of what else the configuration was made of."""
    total = crc32(more)
    try:
        with open(path, "rb") as file:
            part = file.read(256)
            while part:
                total = crc32(part, total)
                part = file.read(256)
    except OSError:
        pass  # there is none
    return total & 0x3FFFFFFF
