"""Bytecode of one function, made shorter: it does the same, by fewer instructions.

- a value stored in a local to be loaded once, at once
- the `finally` that takes away the name of a caught exception
- ends that a function has twice: the second goes to the first
- jumps to jumps, conditions that a constant decides, and what nothing leads to
"""

from collections.abc import Callable

from .bytecode import (
    DELETE_FAST,
    DUP,
    END_FINALLY,
    GO,
    GO_IF,
    GO_IF_NOT,
    JUMP,
    LEAVES,
    LOAD_FAST,
    LOAD_NONE,
    POP,
    RETURN,
    ROT_TWO,
    SETUP_FINALLY,
    STORE_FAST,
    UNWIND_JUMP,
    Function,
    Instruction,
    written_code,
)
from .flow import Flow, is_constant, only_pushes, reachable, replace, truth

_GENERATOR = 1  # of a function's flags
_JUMP_BYTES = 3


def shorter(function: Function) -> None:
    """Change a function until nothing more can be left out."""
    tidy(function)
    while _until_done(_shared, function):
        tidy(function)


def tidy(function: Function) -> None:
    """Do all that leaves the stack as deep as it was wherever two ways meet."""
    _caught(function)
    while any([_until_done(one, function) for one in (_at_once, _straight, _decided)]):
        pass


def _until_done(step: Callable[[Function], bool], function: Function) -> bool:
    """Repeat a step; return whether it has changed anything."""
    changed = step(function)
    while changed and step(function):
        pass
    return changed


# A local that is stored and loaded once


def _at_once(function: Function) -> bool:
    code, number = function.code, 0
    if not any(one.opcode == STORE_FAST for one in code):
        return False
    flow = Flow(function)
    live, gone = flow.live(), {}
    while number < len(code) - 2:
        one, second, third = code[number : number + 3]
        number += 1
        if one.opcode != STORE_FAST or id(second) in flow.targets:
            continue
        loaded = [_is(other, LOAD_FAST, one.argument) for other in (second, third)]
        if loaded[0] and not live[number] >> one.argument & 1:
            gone.update({number - 1: [], number: []})
            number += 1
        elif (
            loaded[1]
            and only_pushes(second)
            and id(third) not in flow.targets
            and not live[number + 1] >> one.argument & 1
        ):
            new = [Instruction(DUP)] if loaded[0] else [second, Instruction(ROT_TWO)]
            gone.update({number - 1: [], number: [], number + 1: new})
            number += 2
    if gone:
        replace(function, gone)
    return bool(gone)


def _is(one: Instruction, opcode: int, argument: int) -> bool:
    return one.opcode == opcode and one.argument == argument


# The name of a caught exception


def _caught(function: Function) -> None:
    """Keep the name of a caught exception until the function ends.

    A generator may go on for years: there the exception has to go.
    """
    if function.flags & _GENERATOR:
        return
    setups = [number for number, one in enumerate(function.code) if one.opcode == SETUP_FINALLY]
    flow = Flow(function)
    if not setups or flow.contexts() is None:
        return
    live = flow.live()
    gone: dict[int, list[Instruction]] = {}
    for number in setups:
        gone.update(_without_finally(flow, number, live))
    if gone:
        replace(function, gone)
        contexts = Flow(function).contexts() or ()
        function.exceptions = max(len(one) for one in contexts if one is not None)


def _without_finally(flow: Flow, number: int, live: list[int]) -> dict[int, list[Instruction]]:
    code, end = flow.code, flow.target(number)
    name, tail, within = code[number - 1], code[end : end + 4], code[number + 1 : end]
    known = [LOAD_NONE, STORE_FAST, DELETE_FAST, END_FINALLY]
    if name.opcode != STORE_FAST or [one.opcode for one in tail] != known:
        return {}
    if {tail[1].argument, tail[2].argument} != {name.argument}:
        return {}
    if live[end + 3] >> name.argument & 1 or UNWIND_JUMP in (one.opcode for one in within):
        return {}
    gone: dict[int, list[Instruction]] = {one: [] for one in (number, *range(end, end + 4))}
    if code[end - 1].opcode == LOAD_NONE:
        gone[end - 1] = []
    return gone


# The same end twice


def _shared(function: Function) -> bool:
    """Let the longest end that a function has twice be there once."""
    ends = [number for number, one in enumerate(function.code) if one.opcode in LEAVES]
    if len(ends) < 2:
        return False
    flow = Flow(function)
    places = flow.places()
    if places is None:
        return False
    found = [
        _common(flow, places, kept, gone)
        for kept in ends
        for gone in ends
        if kept != gone and _same(flow.code[kept], flow.code[gone])
    ]
    best = max(found, default=(0,))
    return best[0] > _JUMP_BYTES and _merge(function, best)


def _common(flow: Flow, places: list[object], kept: int, gone: int) -> tuple[int, int, int, int]:
    """Return of what two ends share the bytes, its last instructions, how many there are."""
    size = count = 0
    while count <= min(kept, gone) and count < abs(kept - gone):
        one, other = flow.code[kept - count], flow.code[gone - count]
        place = places[kept - count]
        if not _same(one, other) or place is None or place != places[gone - count]:
            break
        size += 2 if one.kind == JUMP else len(one.written())
        count += 1
        if id(other) in flow.targets:
            break
    return size, kept, gone, count


def _same(one: Instruction, other: Instruction) -> bool:
    return (one.opcode, one.argument, one.extra) == (other.opcode, other.argument, other.extra)


def _merge(function: Function, found: tuple[int, int, int, int]) -> bool:
    _, kept, gone, count = found
    code = function.code
    trial: dict[int, list[Instruction]] = {gone - number: [] for number in range(count)}
    trial[gone - count + 1] = [Instruction(GO, code[kept - count + 1])]
    before, size = list(code), len(written_code(code))
    arguments = [one.argument for one in code]
    replace(function, trial)
    if len(written_code(function.code)) < size:
        return True
    function.code = before
    for one, argument in zip(before, arguments):
        one.argument = argument
    return False


# Jumps


def _straight(function: Function) -> bool:
    """Let a jump to a jump go where that one goes; drop what nothing leads to."""
    changed = False
    for one in function.code:
        if one.opcode in (GO, GO_IF, GO_IF_NOT) and one.argument.opcode == GO:
            there = one.argument.argument
            if one.argument not in (one, there):
                one.argument, changed = there, True
    flow = Flow(function)
    known = reachable(flow)
    gone: dict[int, list[Instruction]] = {}
    for number, one in enumerate(function.code):
        following = function.code[number + 1] if number + 1 < len(function.code) else None
        if number not in known or one.opcode == GO and one.argument is following:
            gone[number] = []
        elif one.opcode == GO and one.argument.opcode == RETURN:
            gone[number] = [Instruction(RETURN)]
        elif _is_over(flow, number):
            gone.update({number: [Instruction(GO_IF, following.argument)], number + 1: []})
    replace(function, gone)
    return changed or bool(gone)


def _is_over(flow: Flow, number: int) -> bool:
    """Return whether a condition does nothing but jump over a jump."""
    one, following = flow.code[number : number + 2] if flow.code[number + 2 :] else (None, None)
    return (
        one is not None
        and (one.opcode, following.opcode) == (GO_IF_NOT, GO)
        and one.argument is flow.code[number + 2]
        and id(following) not in flow.targets
    )


def _decided(function: Function) -> bool:
    """Let a condition that a constant decides be none, and drop what is pushed to be dropped."""
    flow = Flow(function)
    code = function.code
    for number in range(len(code) - 1):
        one, following = code[number : number + 2]
        if id(following) in flow.targets or not only_pushes(one):
            continue
        asked = following.argument if following.opcode == GO else following
        if following.opcode == POP and is_constant(one):
            replace(function, {number: [], number + 1: []})
            return True
        if asked.opcode in (GO_IF, GO_IF_NOT) and truth(one) is not None:
            goes = truth(one) == (asked.opcode == GO_IF)
            there = asked.argument if goes else code[flow.index[id(asked)] + 1]
            replace(function, {number: [Instruction(GO, there)], number + 1: []})
            return True
    return False
