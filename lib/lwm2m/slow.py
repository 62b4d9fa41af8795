"""Handlers that take their time: an Object's methods may be coroutines, answered apart."""

from micropython import const

from coap.message import CoapError, Message

from .model import Lwm2mError

_JOBS = const(4)  # operations that may be under way
_INTERNAL_ERROR = const(0xA0)
_UNAVAILABLE = const(0xA3)


def later(management, message, coroutines: list, finish, undo) -> None:
    """Make a job of an operation, see `Management.later`."""
    if management.running >= _JOBS:
        _close(coroutines)
        raise Lwm2mError(_UNAVAILABLE)
    management.running += 1
    deliver = None
    if message:
        copy = Message()
        copy.parse(message.data)
        peer = management.registration.peer

        def deliver(response, now):
            if peer is management.registration.peer:
                peer.respond(copy, response, None, now)

    management.jobs.append([deliver, coroutines, finish, undo])


async def work(management, job: list) -> tuple:
    """Run one of the `jobs`; (deliver, response), for `deliver(response, now)` to follow."""
    deliver, coroutines, finish, undo = job
    try:
        results = []
        for one in coroutines:
            results.append(await one)
        response = finish(results)
    except Exception as error:  # noqa: BLE001 a driver's fault must not end the client
        _close(coroutines)
        if undo:
            undo()
        if isinstance(error, CoapError):
            response = error.code
        else:
            management.registration.log(1, "failed", error)
            response = _INTERNAL_ERROR
    management.running -= 1
    return deliver, response


def _close(coroutines):
    for one in coroutines:
        one.close()
