"""Objects in which servers keep what they like, within the room that there is."""

from micropython import const

from ..model import Lwm2mError, Object

_BAD_REQUEST = const(0x80)
_TOO_LARGE = const(0x8D)
_ENTRY = const(32)  # what a value takes beside its text or bytes, about


def size(resources: dict) -> int:
    """About how much memory values take, in bytes."""
    total = _ENTRY
    for value in resources.values():
        total += _ENTRY
        if isinstance(value, dict):
            total += size(value)
        elif isinstance(value, (str, bytes)):
            total += len(value)
    return total


class Stored(Object):
    """An Object whose Instances servers create, fill and delete; `room` is for all of them."""

    creatable = True
    kept = True
    room = 8192  # bytes, about

    def _fit(self, more, refusal):
        total = more
        for kept in self.instances.values():
            total += size(kept)
        if more > 0 and total > self.room:
            raise Lwm2mError(refusal)

    def create(self, iid: int, resources: dict) -> None:
        """Make an Instance, or refuse by 4.00 where there is no room."""
        self._fit(size(resources), _BAD_REQUEST)
        self.instances[iid] = resources

    def write(self, iid: int, rid: int, value) -> None:
        """Keep a value, or refuse by 4.13 where there is no room."""
        resources = self.instances[iid]
        self._fit(size({rid: value}) - size({rid: resources.get(rid)}), _TOO_LARGE)
        resources[rid] = value
