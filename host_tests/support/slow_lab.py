"""A Lab whose handlers take their time."""

from lab import Lab


class Pause:
    """What a handler awaits: it goes on with the session's next `work`."""

    def __iter__(self):
        yield

    __await__ = __iter__


class SlowLab(Lab):
    """Its Resources in `slow` take `steps` steps each; `faults` are raised at the end."""

    def __init__(self, slow, steps=1, **faults):
        super().__init__()
        self.slow = slow
        self.steps = steps
        self.faults = faults
        self.started = []

    async def _wait(self, what):
        self.started.append(what)
        for _ in range(self.steps):
            await Pause()
        if what in self.faults:
            raise self.faults[what]

    async def _read(self, iid, rid):
        await self._wait("read%d" % rid)
        return super().read(iid, rid)

    async def _write(self, iid, rid, value):
        await self._wait("write%d" % rid)
        super().write(iid, rid, value)

    async def _execute(self, iid, rid, argument):
        await self._wait("execute%d" % rid)
        super().execute(iid, rid, argument)

    def read(self, iid, rid):
        return self._read(iid, rid) if rid in self.slow else super().read(iid, rid)

    def write(self, iid, rid, value):
        if rid in self.slow:
            return self._write(iid, rid, value)
        return super().write(iid, rid, value)

    def execute(self, iid, rid, argument):
        if rid in self.slow:
            return self._execute(iid, rid, argument)
        return super().execute(iid, rid, argument)
