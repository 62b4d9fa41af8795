"""Where control goes in a function's bytecode: what follows, handlers, locals still read."""

from .bytecode import (
    DELETE_FAST,
    END_FINALLY,
    JUMP,
    LEAVES,
    LOAD_DEREF,
    LOAD_FALSE,
    LOAD_FAST,
    LOAD_GLOBAL,
    LOAD_INT,
    LOAD_NONE,
    LOAD_NULL,
    LOAD_OBJECT,
    LOAD_STRING,
    LOAD_TRUE,
    POP_EXCEPT_GO,
    SETUP_EXCEPT,
    SETUP_FINALLY,
    SETUP_WITH,
    SMALL_INT,
    STORE_DEREF,
    STORE_FAST,
    UNWIND_JUMP,
    Function,
    Instruction,
)

_SETUPS = (SETUP_WITH, SETUP_EXCEPT, SETUP_FINALLY)
_PUSHES = (LOAD_FAST, LOAD_GLOBAL, LOAD_STRING, LOAD_OBJECT, LOAD_INT)
_PUSHES += (LOAD_FALSE, LOAD_NONE, LOAD_TRUE, LOAD_NULL)
_ZERO = SMALL_INT + 16
# The handlers that are set up, outermost first, by the instruction that did
Context = tuple[int, ...]


class Flow:
    """One function's code as it is now; made again after a change."""

    def __init__(self, function: Function):
        self.function, self.code = function, function.code
        self.index = {id(one): number for number, one in enumerate(self.code)}
        self.targets = {id(one.argument) for one in self.code if one.kind == JUMP}
        self._unwound = [
            self.index[id(one.argument)] for one in self.code if one.opcode == UNWIND_JUMP
        ]

    def target(self, number: int) -> int:
        """Return the number of the instruction that a jump leads to."""
        return self.index[id(self.code[number].argument)]

    def successors(self, number: int) -> list[int]:
        """Return what may be executed next, but for handlers of exceptions."""
        one = self.code[number]
        found = [self.target(number)] if one.kind == JUMP else []
        if one.opcode not in LEAVES:
            found.append(number + 1)
        if one.opcode == END_FINALLY:  # of a `finally` that a break or continue went through
            found += self._unwound
        return found

    def contexts(self) -> list[Context | None] | None:
        """Return for each instruction the handlers around it; None where code cannot be reached.

        None in place of the list: control does not nest as mpy-cross makes it.
        """
        found: list[Context | None] = [None] * len(self.code)
        left: list[tuple[int, Context]] = [(0, ())]
        while left:
            number, context = left.pop()
            if number >= len(self.code) or found[number] not in (None, context):
                return None
            if found[number] is not None:
                continue
            found[number] = context
            one = self.code[number]
            if one.opcode in _SETUPS:
                left.append((self.target(number), (*context, id(one))))
                left.append((number + 1, (*context, id(one))))
            elif one.opcode == UNWIND_JUMP:
                depth = one.extra & 127
                if depth > len(context):
                    return None
                left.append((self.target(number), context[: len(context) - depth]))
            elif one.opcode in (POP_EXCEPT_GO, END_FINALLY):
                if not context:
                    return None
                place = self.target(number) if one.opcode == POP_EXCEPT_GO else number + 1
                left.append((place, context[:-1]))
            else:
                left += ((place, context) for place in self.successors(number))
        return found

    def places(self) -> list[object] | None:
        """Return for each instruction what decides where an exception goes; None as above."""
        contexts = self.contexts()
        if contexts is None:
            return None
        handlers = {
            id(one): self.target(number)
            for number, one in enumerate(self.code)
            if one.opcode in _SETUPS
        }
        return [
            None if found is None else tuple((one, number >= handlers[one]) for one in found)
            for number, found in enumerate(contexts)
        ]

    def live(self) -> list[int]:
        """Return for each instruction the locals, as bits, that may be read after it.

        Of a local in a cell, or deleted, all is read.
        """
        always = self._always()
        reads, writes = [0] * len(self.code), [0] * len(self.code)
        for number, one in enumerate(self.code):
            if one.opcode in (LOAD_FAST, DELETE_FAST):
                reads[number] = 1 << one.argument
            elif one.opcode == STORE_FAST:
                writes[number] = 1 << one.argument
        successors = [self.successors(number) for number in range(len(self.code))]
        for number, one in enumerate(self.code):
            if one.opcode in _SETUPS:  # whatever is before the handler may raise
                handler = self.target(number)
                for within in range(number, handler):
                    successors[within].append(handler)
        before, after = [0] * len(self.code), [0] * len(self.code)
        changed = True
        while changed:
            changed = False
            for number in range(len(self.code) - 1, -1, -1):
                after[number] = 0
                for one in successors[number]:
                    after[number] |= before[one] if one < len(self.code) else 0
                now = after[number] & ~writes[number] | reads[number]
                changed |= now != before[number]
                before[number] = now
        return [one | always for one in after]

    def _always(self) -> int:
        cells = {*self.function.cells}
        cells.update(one.argument for one in self.code if one.opcode in (LOAD_DEREF, STORE_DEREF))
        return sum(1 << one for one in cells)


def replace(function: Function, gone: dict[int, list[Instruction]]) -> None:
    """Put instructions in place of others, by number; a jump to what is gone leads to the next."""
    code = function.code
    new: list[Instruction] = []
    waiting: list[Instruction] = []
    moved: dict[int, Instruction] = {}
    for number, one in enumerate(code):
        waiting.append(one)
        for kept in gone.get(number, [one]):
            moved.update((id(old), kept) for old in waiting)
            waiting = []
            new.append(kept)
    if waiting and any(
        id(one) in {id(j.argument) for j in new if j.kind == JUMP} for one in waiting
    ):
        raise ValueError("a jump to the end")
    for one in new:
        if one.kind == JUMP:
            one.argument = moved.get(id(one.argument), one.argument)
    function.code = new


def reachable(flow: Flow) -> set[int]:
    """Return the numbers of all instructions that control may come to."""
    found: set[int] = set()
    left: list[int] = [0]
    while left:
        number = left.pop()
        if number in found or number >= len(flow.code):
            continue
        found.add(number)
        one = flow.code[number]
        left += flow.successors(number)
        if one.opcode in _SETUPS:
            left.append(flow.target(number))
    return found


def only_pushes(one: Instruction) -> bool:
    """Return whether an instruction takes nothing and pushes one value, and does no more."""
    return one.opcode in _PUSHES or SMALL_INT <= one.opcode < LOAD_FAST


def is_constant(one: Instruction) -> bool:
    """Return whether an instruction pushes a constant: a local or a global may have no value."""
    return only_pushes(one) and one.opcode not in (LOAD_FAST, LOAD_GLOBAL)


def truth(one: Instruction) -> bool | None:
    """Return whether the constant that an instruction pushes is true; None for all else."""
    if one.opcode in (LOAD_FALSE, LOAD_NONE, LOAD_TRUE):
        return one.opcode == LOAD_TRUE
    if SMALL_INT <= one.opcode < LOAD_FAST:
        return one.opcode != _ZERO
    return bool(one.argument) if one.opcode == LOAD_INT else None
