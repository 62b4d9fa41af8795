"""Reports of values that take their time; imported when the first of them is a coroutine."""

from micropython import const

from .schedule import meets, pick

_NEVER = const(0xFFFFFFFFFFF)
_RETRY = const(10000)  # after a driver's fault, ms
_FIRED = const(2)  # see schedule


def establish(reporting, observation, content: list, deferred, now: int):
    """Observe once the first answer is there; the Deferred that makes it."""
    finish = deferred.finish
    deferred.finish = lambda results: reporting.begun(observation, content, finish(results), now)
    deferred.undo = lambda: reporting.leave(observation)
    return deferred


def evaluate(reporting, observation, i: int, conditions, path: tuple, content, waiting) -> bool:
    """Have an observation fire once its values are there, if they meet the conditions; False."""

    def deliver(content, now):
        if isinstance(content, int) or meets(observation, i, pick(content, path), conditions):
            observation.state |= _FIRED << 2 * i
            reporting.look(observation)

    reporting.management.settle(waiting, path, None, lambda: content).deliver = deliver
    return False


def notify(reporting, observation, path: tuple, content, waiting, confirmable: bool) -> None:
    """Notify once all values are there; nothing newer is sent before."""

    def deliver(response, now):
        observation.notified_at = now
        reporting.look(observation)
        if isinstance(response, int):  # a driver's fault
            observation.state |= _FIRED
            observation.next_look = now + _RETRY
        elif observation in reporting.observations:
            try:
                reporting.deliver(observation, content, confirmable, now)
            except Exception as error:  # noqa: BLE001 it must not end the client
                observation.state |= _FIRED
                reporting.failed(observation, error, now)

    reporting.management.settle(waiting, path, None, lambda: content).deliver = deliver
    observation.notified_at = _NEVER


def send(sender, content: list, waiting: list, path: tuple, number: int, done) -> None:
    """Send values once they are there; `done` as for `Sender.send`."""

    def deliver(response, now):
        if response is not None:  # a driver's fault
            sender.call(done, response)

    def finish():
        sender.send(content, path, number, done)

    sender.management.settle(waiting, path, None, finish).deliver = deliver
