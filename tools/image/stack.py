"""How deep the stack is before each instruction of a function: what inlining needs to know."""

from . import bytecode as b
from .bytecode import Function, Instruction
from .flow import Flow

_ITERATOR = 4  # entries of an iterator that is kept on the stack
_PUSHES = {b.LOAD_STRING, b.LOAD_NAME, b.LOAD_GLOBAL, b.LOAD_METHOD, b.LOAD_INT, b.LOAD_OBJECT}
_PUSHES |= {b.LOAD_FAST, b.LOAD_DEREF, b.LOAD_FALSE, b.LOAD_NONE, b.LOAD_TRUE, b.LOAD_NULL}
_PUSHES |= {b.BUILD_CLASS, b.BUILD_MAP, b.DUP, b.MAKE_FUNCTION, b.IMPORT_FROM}
_SAME = {b.LOAD_ATTR, b.DELETE_FAST, b.ROT_TWO, b.ROT_THREE, b.GO, b.GET_ITER, b.SETUP_EXCEPT}
_SAME |= {b.SETUP_FINALLY, b.POP_EXCEPT_GO, b.RAISE_LAST, b.YIELD, b.UNWIND_JUMP}
_SAME |= {b.DELETE_NAME, b.DELETE_GLOBAL}
_POPS = {b.LOAD_SUPER_METHOD, b.LOAD_SUBSCR, b.STORE_FAST, b.STORE_NAME, b.STORE_GLOBAL}
_POPS |= {b.STORE_DEREF, b.POP, b.GO_IF, b.GO_IF_NOT, b.END_FINALLY, b.RETURN, b.RAISE}
_POPS |= {b.YIELD_FROM, b.MAKE_FUNCTION_DEFAULTS, b.IMPORT_NAME, b.GO_IF_OR_POP}
_POPS |= {b.GO_IF_NOT_OR_POP}
_EFFECTS = {
    **dict.fromkeys(_PUSHES, 1),
    **dict.fromkeys(_SAME, 0),
    **dict.fromkeys(_POPS, -1),
    b.DUP_TWO: 2,
    b.STORE_ATTR: -2,
    b.STORE_SUBSCR: -3,
    b.STORE_MAP: -2,
    b.RAISE_FROM: -2,
    b.GET_ITER_ON_STACK: _ITERATOR - 1,
    b.FOR_ITER: 1,
}
_BUILDS = (b.BUILD_TUPLE, b.BUILD_LIST, b.BUILD_SET, b.BUILD_SLICE)
_CALLS = {b.CALL_FUNCTION: 0, b.CALL_FUNCTION_STAR: 1, b.CALL_METHOD: 1, b.CALL_METHOD_STAR: 2}


def effect(one: Instruction) -> int | None:
    """Return by how much an instruction changes the depth where it does not jump."""
    opcode, argument = one.opcode, one.argument
    if opcode in _EFFECTS:
        return _EFFECTS[opcode]
    if opcode >= b.BINARY:
        return -1
    if opcode >= b.UNARY:
        return 0
    if b.SMALL_INT <= opcode < b.LOAD_FAST:
        return 1
    if opcode in _BUILDS:
        return 1 - argument
    if opcode in _CALLS:
        return -(argument & 255) - 2 * (argument >> 8) - _CALLS[opcode]
    if opcode == b.UNPACK:
        return argument - 1
    if opcode == b.MAKE_CLOSURE:
        return 1 - one.extra
    if opcode == b.STORE_IN_COMPREHENSION:
        return -2 if argument & 3 == 1 else -1
    return None


def depths(function: Function) -> list[int | None] | None:
    """Return the depth before each instruction, None where control does not come.

    None in place of the list where something is unknown.
    """
    flow = Flow(function)
    found: list[int | None] = [None] * len(flow.code)
    left = [(0, 0)]
    while left:
        number, depth = left.pop()
        if number >= len(found) or found[number] not in (None, depth):
            return None
        if found[number] is not None:
            continue
        found[number] = depth
        one = flow.code[number]
        change = effect(one)
        if change is None:
            return None
        if one.kind == b.JUMP:
            left.append((flow.target(number), depth + _jumping(one, change)))
        if one.opcode not in b.LEAVES:
            left.append((number + 1, depth + change))
    return found


def _jumping(one: Instruction, change: int) -> int:
    if one.opcode == b.FOR_ITER:
        return -_ITERATOR
    if one.opcode in (b.GO_IF_OR_POP, b.GO_IF_NOT_OR_POP):
        return 0
    if one.opcode in (b.SETUP_EXCEPT, b.SETUP_FINALLY):
        return 1
    if one.opcode == b.UNWIND_JUMP and one.extra & 128:
        return -_ITERATOR
    return change


def highest(function: Function, found: list[int | None]) -> int:
    """Return how deep the stack gets."""
    return max(
        max(depth, depth + effect(one), depth + (one.opcode in (b.SETUP_EXCEPT, b.SETUP_FINALLY)))
        for depth, one in zip(found, function.code)
        if depth is not None
    )
