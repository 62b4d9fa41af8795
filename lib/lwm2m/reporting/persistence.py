"""Observations that outlive a restart: exported before, restored after; imported only when used.

An export consists of tuples, integers, bytes and texts, None and booleans. Samples that are
stored, and a notification that is not acknowledged yet, are not in it.
"""

from micropython import const

_FIRED = const(2)  # see schedule


def export(management, now: int, ahead: int = 0) -> tuple:
    """What `restore` takes: (number of the latest notification, an entry per observation...).

    Of times it has how many ms ago they were. The number is that after `ahead` notifications more.
    """
    reporting = management.observer()
    entries: list = [reporting.number + ahead & 0xFFFFFF]
    for observation in reporting.observations:
        last = observation.last
        last = last if isinstance(last, list) else [last]
        entries.append(
            (
                observation.token and bytes(observation.token),
                observation.path,
                observation.accept,
                tuple(reporting.observe_attributes.get(observation, {}).items()),
                tuple([("",) + tuple(v.items()) if isinstance(v, dict) else v for v in last]),
                observation.state | (_FIRED if observation in reporting.unanswered else 0),
                now - observation.notified_at,  # below 0 where slow handlers were at work
                now - observation.evaluated_at,
                now - reporting.confirmed_at.get(observation, now + 1),  # -1: there is none
            )
        )
    return tuple(entries)


def restore(management, structure: tuple, now: int) -> None:
    """Observe again what was exported, under the same tokens; before the server is connected.

    Numbers go on where they were. What changed meanwhile is notified when its Object reports the
    change, or by pmax and epmax: what is there now may not be measured yet, so it is not read.
    """
    reporting = management.observer()
    reporting.number = structure[0]
    for entry in structure[1:]:
        token, path, accept, attributes, last, state, notified, evaluated, confirmed = entry
        observation = reporting.renewed(token, path, accept, now)
        if observation is None:
            return
        last = [dict(v[1:]) if isinstance(v, tuple) and v[:1] == ("",) else v for v in last]
        observation.last = last[0] if isinstance(path[0], int) else last
        observation.state = state
        observation.notified_at = now - max(notified, 0)
        observation.evaluated_at = now - evaluated
        if attributes:
            reporting.observe_attributes[observation] = dict(attributes)
        if confirmed >= 0:
            reporting.confirmed_at[observation] = now - confirmed
        if notified < 0:
            observation.state |= _FIRED
    reporting.replan()
