"""Operations that take their time: an Object's methods may be coroutines, answered apart."""

from micropython import const

from coap.message import CoapError, Message, code_of

from ..errors import Lwm2mError

_DEFERRED_LIMIT = const(4)  # operations under way and answers not acknowledged yet, per server
_UNAVAILABLE = const(0xA3)
_NEVER = const(0xFFFFFFFFFFF)


class Deferred:
    """An operation under way: its coroutines, and what becomes of their results.

    `deliver(response, now)` hands the answer to whoever asked, `finish(results)` makes it,
    `undo()` is called where a coroutine raised. Its `task` runs it.
    """

    task = None
    until = 0
    places = ()  # what it writes: (Object ID, Instance ID, Resource ID) each

    def __init__(self, deliver, coroutines, finish, undo):
        self.deliver = deliver
        self.coroutines = coroutines
        self.finish = finish
        self.undo = undo

    def close(self) -> None:
        """End the coroutines, wherever they are."""
        for coroutine in self.coroutines:
            coroutine.close()


class Slow:
    """The deferred operations of one server: none takes longer than `handler_time` of its budget.

    Its owner has each of the `waiting` run by `work`, in a task, and sets the `task`. A
    registration drives it, as it does Reporting.
    """

    def __init__(self, answer):
        self.registration = answer.registration
        self.budget = answer.budget
        self.waiting = []  # to be run
        self.running = []  # these and those that are run
        self.registration.parts.append(self)

    def later(self, message, coroutines: list | tuple, finish, undo) -> Deferred:
        """Put an operation into the queue, see `Answer.later`.

        Its answer goes to the peer that sent the request, or nowhere if that was replaced
        meanwhile.
        """
        registration = self.registration
        peer = registration.peer
        deliver = None
        if message:
            copy = Message()
            copy.parse(message.data)

            def deliver(response, now):
                if peer is registration.peer:
                    peer.respond(copy, response, None, now)

        deferred = Deferred(deliver, coroutines, finish, undo)
        if len(self.running) + (peer.unacknowledged() if peer else 0) >= _DEFERRED_LIMIT:
            deferred.close()
            raise Lwm2mError(_UNAVAILABLE)
        self.running.append(deferred)
        self.waiting.append(deferred)
        registration.attend(0)
        return deferred

    def claim(self, places: list) -> None:
        """Is none of these being written? Lwm2mError 5.03 else."""
        for deferred in self.running:
            for place in deferred.places:
                if place in places:
                    raise Lwm2mError(_UNAVAILABLE)

    async def work(self, deferred: Deferred, clock):
        """Run a deferred operation and have its response delivered."""
        try:
            results = []
            for coroutine in deferred.coroutines:
                results.append(await coroutine)
            if deferred not in self.running:  # its time was over
                return
            response = deferred.finish(results)
        except Exception as error:  # noqa: BLE001 a driver's fault must not end the client
            response = self._undone(deferred, error)
        self._end(deferred, response, clock.now())

    def _undone(self, deferred, error):
        # What is answered instead
        if deferred in self.running:
            for step in (deferred.close, deferred.undo):
                try:
                    if step:
                        step()
                except Exception as fault:  # noqa: BLE001 the first one is answered
                    self.registration.log(1, "failed", fault)
        if not isinstance(error, CoapError):
            self.registration.log(1, "failed", error)
        return code_of(error)

    def _end(self, deferred, response, now):
        if deferred in self.running:
            self.running.remove(deferred)
            try:
                deferred.deliver(response, now)
            except Exception as error:  # noqa: BLE001 as above
                self.registration.log(1, "failed", error)
            self.registration.attend(0)

    def close(self) -> None:
        """The server is forgotten: what waits to be run is not run."""
        while self.waiting:
            deferred = self.waiting.pop()
            self.running.remove(deferred)
            deferred.close()

    # What the registration calls

    def poll(self, now: int) -> int:
        """End with 5.03 what takes too long. Returns the next deadline."""
        deadline = _NEVER
        for deferred in tuple(self.running):
            if not deferred.until:
                deferred.until = now + self.budget.handler_time
            if now < deferred.until:
                deadline = min(deadline, deferred.until)
                continue
            if deferred.task:
                deferred.task.cancel()
            else:
                self.waiting.remove(deferred)
            self._end(deferred, self._undone(deferred, Lwm2mError(_UNAVAILABLE)), now)
        return deadline

    def online(self, now: int) -> None:
        """It does not matter here."""

    def offline(self, gone: bool) -> None:
        """It does not matter here."""
