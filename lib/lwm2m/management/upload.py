"""A Write of an Opaque Resource that goes to its Object block by block, such as a firmware."""

from micropython import const

from .access import permitted

_WRITE = const(0x200)

_CHANGED = const(0x44)


class Upload:
    """The sink of a Resource, as coap's `Blocks` has it, around what its Object returned."""

    def __init__(self, answer, path, sink):
        self.model = answer.model
        self.path = path
        self.sink = sink
        self.write = sink.write
        self.abort = sink.abort

    def commit(self, message, now: int):
        """The response: 2.04, or a coroutine that returns it."""
        ended = self.sink.commit()
        return self._later(ended) if hasattr(ended, "send") else self._changed()

    async def _later(self, ended):
        await ended
        return self._changed()

    def _changed(self):
        self.model.registration_changed()
        self.model.changed(*self.path)
        return _CHANGED


def upload(answer):
    """The sink for the Resource at the path, or None where its Object has none for it.

    Lwm2mError where its Write is refused whatever the value is.
    """
    path = tuple(answer.path)
    if len(path) != 3:
        return None
    permitted(answer.obj, path, _WRITE)
    sink = answer.obj.upload(path[1], path[2])
    return sink and Upload(answer, path, sink)
