"""Sinks whose methods are coroutines. Imported with the first of them.

`app.later(message, coroutines, finish, undo)` runs them: see lwm2m's `Answer.later`.
"""

from .message import Message


def _copy(message):
    copy = Message()
    copy.parse(message.data)
    return copy


def answer_later(blocks, slot, message, written, response, now: int):
    """Put the answer to a block off: `written` is the sink's `write`, or `response` its `commit`.

    Returns what `app.handle` returns for an answer that comes later.
    """
    if written:
        response = _written(blocks, slot, _copy(message), written, now)
    return blocks.peer.app.later(
        message, [response], lambda results: results[0], lambda: blocks.abort(slot)
    )


async def _written(blocks, slot, message, written, now):
    await written
    response = blocks.taken(slot, message, now)
    return await response if hasattr(response, "send") else response


def go_on_later(transfer, message, written) -> None:
    """Go on with a transfer of ours once its sink has written a block."""
    copy = _copy(message)
    deferred = transfer.peer.app.later(None, [written], lambda results: 0, None)
    deferred.deliver = lambda code, now: transfer.taken(None if code else copy, now)
