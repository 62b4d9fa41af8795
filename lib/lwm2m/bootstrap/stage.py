"""What a bootstrap server writes and deletes, beside the model until all of it is there.

Nothing changes in the Objects before `commit`: what fails, or loses power, leaves the old ones.
"""

from micropython import const

from ..errors import Lwm2mError
from ..snapshot import replace
from ..uri import split_uri

_BAD_REQUEST = const(0x80)
_TOO_LARGE = const(0x8D)
_MOST_BYTES = const(8192)  # of all that is written: the heap is not the server's
_MOST_INSTANCES = const(16)  # of an Object
_SECURITY_OBJECT = const(0)
_SERVER_OBJECT = const(1)
_ACCESS_CONTROL = const(2)
_ACCOUNTS = (0, 1, 2, 21, 23)  # Objects whose Instances are nothing but what servers wrote

# Resources of Object 0
_URI = const(0)
_BOOTSTRAP_SERVER = const(1)
_SECURITY_MODE = const(2)
_IDENTITY = const(3)
_SECRET_KEY = const(5)
_SHORT_SERVER_ID = const(10)
# Resources of Object 1
_SSID = const(0)
_LIFETIME = const(1)
_STORING = const(6)
_BINDING = const(7)
_EXECUTABLE = (4, 8, 9)
_FOUND = (11, 12)  # what the device itself writes

_PSK = const(0)
_NOSEC = const(3)
_SHORTEST_KEY = const(16)  # bytes
_LONGEST_KEY = const(64)
_LONGEST_IDENTITY = const(128)

_ABSENT = ()  # the value of a Resource that is not there


def replaceable(obj) -> bool:
    """May a bootstrap server make and delete Instances of it?"""
    return obj.creatable or obj.oid in _ACCOUNTS


class Stage:
    """The Objects as they will be. `account` is the bootstrap server's Instance of Object 0."""

    def __init__(self, model, account: int):
        self.model = model
        self.account = account
        self.room = _MOST_BYTES
        # By ID, the Instances of those that were changed; of what only the device makes, what was
        # written: the device goes on with the rest
        self.objects = {}

    def instances(self, oid: int) -> dict:
        """The Instances that an Object will have."""
        if oid in self.objects:
            return self.objects[oid]
        return self.model.objects[oid].instances

    def take(self, size: int) -> None:
        """A Write of so many bytes is to come. Lwm2mError 4.13 where it is too much."""
        if size > self.room:
            raise Lwm2mError(_TOO_LARGE)
        self.room -= size

    def _changing(self, oid):
        if oid not in self.objects:
            obj = self.model.objects[oid]
            known = obj.instances
            whole = replaceable(obj)
            self.objects[oid] = {iid: dict(known[iid]) if whole else {} for iid in known}
        return self.objects[oid]

    def write(self, oid: int, iid: int, resources: dict, whole: bool) -> None:
        """Write Resources of an Instance, which is made where it is not there yet.

        `whole`: those that it has besides go. Lwm2mError 4.00 where there can be none.
        """
        instances = self._changing(oid)
        if not replaceable(self.model.objects[oid]):
            if iid not in instances:
                raise Lwm2mError(_BAD_REQUEST)
            whole = False
        written = {} if whole else dict(instances.get(iid, {}))
        written.update(resources)
        if iid not in instances and len(instances) >= _MOST_INSTANCES:
            raise Lwm2mError(_BAD_REQUEST)
        if oid == _SECURITY_OBJECT:
            self._make_way(instances, iid, written.get(_BOOTSTRAP_SERVER))
        instances[iid] = written

    def _make_way(self, instances, iid, bootstrap):
        # There is one bootstrap account, wherever servers write their own
        account = self.account
        if bootstrap:
            if iid != account:
                del instances[account]
                self.account = iid
        elif iid == account:
            free = 0
            while free in instances:
                free += 1
            instances[free] = instances.pop(account)
            self.account = free

    def delete(self, path: list) -> None:
        """Delete an Instance, all of an Object, or with an empty path all there is.

        The bootstrap account stays, and so does what only the device can make, such as /3/0:
        Lwm2mError 4.00 where that was named.
        """
        if len(path) > 2:
            raise Lwm2mError(_BAD_REQUEST)
        for oid, obj in self.model.objects.items():
            if not path or path[0] == oid:
                if replaceable(obj):
                    instances = self._changing(oid)
                    for iid in path[1:] or tuple(instances):
                        if oid or iid != self.account:
                            instances.pop(iid, None)
                        elif path[1:]:
                            raise Lwm2mError(_BAD_REQUEST)
                elif path:
                    raise Lwm2mError(_BAD_REQUEST)

    def consistent(self, transports) -> bool:
        """Is each server's account whole, and can it be used with these `transports`?"""
        numbers = []
        for iid, security in self.instances(_SECURITY_OBJECT).items():
            if not _usable(security, transports):
                return False
            if iid != self.account:
                numbers.append(security.get(_SHORT_SERVER_ID, 0))
        wanted = []
        for server in self.instances(_SERVER_OBJECT).values():
            wanted.append(server.get(_SSID, 0) if server.get(_LIFETIME, 0) > 0 else 0)
        numbers.sort()
        wanted.sort()
        if numbers != wanted or not numbers or numbers[0] < 1 or numbers[-1] > 65534:
            return False
        if len(numbers) > 1 and _ACCESS_CONTROL not in self.model.objects:
            return False  # each of several could change all
        return len(set(numbers)) == len(numbers)

    def commit(self) -> dict:
        """Make it what holds; returns what held before, as `swap` takes it.

        May raise what an Object raises that refuses a value; then nothing has changed.
        """
        self._changing(_SECURITY_OBJECT)
        known = self.model.objects[_SERVER_OBJECT].instances
        for iid, resources in self._changing(_SERVER_OBJECT).items():
            resources.setdefault(_STORING, False)
            resources.setdefault(_BINDING, "U")
            for rid in _EXECUTABLE:
                resources[rid] = None
            for rid in _FOUND:
                if rid in known.get(iid, ()):
                    resources[rid] = known[iid][rid]
        return swap(self.model, self.objects)


def _usable(security, transports):
    # Can a server be reached with its account?
    try:
        scheme = split_uri(security.get(_URI, ""))[0]
    except ValueError:
        return False
    secure = scheme == "coaps"
    if scheme not in transports or security.get(_SECURITY_MODE) != (_PSK if secure else _NOSEC):
        return False
    key = len(security.get(_SECRET_KEY, b""))
    identity = len(security.get(_IDENTITY, b""))
    return not secure or _SHORTEST_KEY <= key <= _LONGEST_KEY and 0 < identity <= _LONGEST_IDENTITY


def swap(model, wanted: dict, back: bool = False) -> dict:
    """Give Objects, by their IDs, other Instances; returns those that they had.

    May raise what an Object raises; then nothing has changed. `back`: to what an earlier call
    returned, whatever fails; nothing is raised. An Instance that stays as it was goes on to be
    the same, unless it is of Object 1 and its credentials in Object 0 are others.
    """
    objects = model.objects
    before = {}
    for oid in wanted:
        known = objects[oid].instances
        if replaceable(objects[oid]):
            before[oid] = dict(known)
        else:
            before[oid] = {
                iid: {rid: known[iid].get(rid, _ABSENT) for rid in written}
                for iid, written in wanted[oid].items()
            }
    known = objects[_SERVER_OBJECT].instances
    for iid, server in wanted[_SERVER_OBJECT].items():
        ssid = server[_SSID]
        if (
            _of(before[_SECURITY_OBJECT], ssid) != _of(wanted[_SECURITY_OBJECT], ssid)
            and iid in known
        ):
            del known[iid]
    for oid in wanted:
        try:
            _put(model, objects[oid], wanted[oid])
        except Exception:  # noqa: BLE001 an Object's own
            if not back:
                swap(model, before, True)
                raise
    return before


def _of(securities, ssid):
    for security in securities.values():
        if not security.get(_BOOTSTRAP_SERVER) and security.get(_SHORT_SERVER_ID) == ssid:
            return security
    return None


def _put(model, obj, instances):
    if replaceable(obj):
        replace(model, obj, instances)
        return
    for iid in instances:
        resources = obj.instances[iid]
        for rid, value in instances[iid].items():
            if resources.get(rid, _ABSENT) != value:
                if value == _ABSENT:
                    del resources[rid]
                elif hasattr(obj.write(iid, rid, value), "send"):  # nobody waits for it here
                    raise Lwm2mError(_BAD_REQUEST)
                obj.changed(iid, rid)
