"""Functions and methods with one call, in the place of that call: some 15 bytes each.

It is done in bytecode, where a `return` may stand anywhere and arguments are on the stack already.
An argument that is a local of the caller is used where it is: that it has no value yet, a fault of
the program, is noticed where it is used. Of the names it is known that they stand for one function
and are used once, see `once`.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from copy import copy

from . import bytecode as b
from .bytecode import Function, Instruction, Mpy, prelude, written_code
from .flow import Flow, is_constant, only_pushes, replace
from .peephole import tidy
from .stack import depths

_GENERATOR, _ANY_KEYWORD, _ANY_ARGUMENT, _KEYWORD_DEFAULTS = 1, 2, 4, 8
_LOCALS = (b.LOAD_FAST, b.STORE_FAST, b.DELETE_FAST)
_DEREFS = (b.LOAD_DEREF, b.STORE_DEREF, b.DELETE_DEREF)
_MAKES = (b.MAKE_FUNCTION, b.MAKE_FUNCTION_DEFAULTS, b.MAKE_CLOSURE, b.MAKE_CLOSURE_DEFAULTS)
_LOADS = {b.LOAD_GLOBAL: b.CALL_FUNCTION, b.LOAD_METHOD: b.CALL_METHOD}


def inline(mpy: Mpy, once: Collection[str]) -> None:
    """Put functions in the places of their only calls, those of these names."""
    wanted = {number for number, name in enumerate(mpy.names) if name in once}
    while any(_inlined(mpy, name) for name in sorted(wanted)):
        wanted &= {one.argument for _, one in _named(mpy)}


def _named(mpy: Mpy) -> Iterator[tuple[Function, Instruction]]:
    for function in mpy.code.tree():
        for one in function.code:
            if one.kind == b.NAME:
                yield function, one


def _inlined(mpy: Mpy, name: int) -> bool:
    uses = [(function, one) for function, one in _named(mpy) if one.argument == name]
    if Counter(one.opcode == b.STORE_NAME for _, one in uses) != {True: 1, False: 1}:
        return False
    (definer, stored), (caller, load) = sorted(uses, key=lambda use: use[1].opcode != b.STORE_NAME)
    place = definer.code.index(stored) - 1
    made = definer.code[place]
    if made.opcode != b.MAKE_FUNCTION or load.opcode not in _LOADS:
        return False
    callee = definer.children[made.argument]
    if callee is caller or not _is_plain(callee):
        return False
    merged = _Merge(caller, caller.code.index(load), callee).done()
    before = _size(caller) + _size(callee) + len(made.written() + stored.written())
    if merged is None or _size(merged) >= before:
        return False
    caller.__dict__.update(merged.__dict__)
    replace(definer, {place: [], place + 1: []})
    del definer.children[made.argument]
    for one in definer.code:
        if one.opcode in _MAKES and one.argument > made.argument:
            one.argument -= 1
    return True


def _size(function: Function) -> int:
    body = len(prelude(function)) + len(written_code(function.code))
    return body + (2 if body >= 16 else 1)


def _is_plain(function: Function) -> bool:
    opcodes = {one.opcode for one in function.code}
    return not (
        function.flags
        or function.keyword_only
        or function.defaults
        or function.cells
        or opcodes.intersection((*_DEREFS, b.SETUP_WITH))
    )


def _locals(function: Function) -> int:
    """Return how many locals a function has, as far as its code knows."""
    numbers = [one.argument + 1 for one in function.code if one.opcode in (*_LOCALS, *_DEREFS)]
    starred = [function.flags & flag for flag in (_ANY_KEYWORD, _ANY_ARGUMENT)]
    arguments = function.positional + function.keyword_only + sum(map(bool, starred))
    return max([arguments, *numbers, *(cell + 1 for cell in function.cells)])


class _Merge:
    """One function, called at one place of another: `done` is both in one, or None."""

    def __init__(self, caller: Function, load: int, callee: Function):
        self.caller, self.load, self.callee = caller, load, callee
        self.gone: dict[int, list[Instruction]] = {load: []}
        self.new: dict[int, int] = {}  # locals of the callee, in the caller
        self.constants: dict[int, Instruction] = {}  # arguments that are
        self.written = {
            one.argument for one in callee.code if one.opcode in (b.STORE_FAST, b.DELETE_FAST)
        }

    def done(self) -> Function | None:
        """Return the caller with the callee in it; what it was is left as it is."""
        before, inner = depths(self.caller), depths(self.callee)
        contexts = Flow(self.callee).contexts()
        if before is None or inner is None or contexts is None or before[self.load] is None:
            return None
        self.call = self._call(before)
        if not self.call:
            return None
        self._arguments()
        body = self._body(inner, contexts)
        if body is None:
            return None
        is_method = self.caller.code[self.load].opcode == b.LOAD_METHOD
        stack = before[self.load] - is_method + self.callee.states - _locals(self.callee)
        merged = copy(self.caller)
        merged.children = [*self.caller.children, *self.callee.children]
        merged.code = _copied(self.caller.code)
        moved = {id(old): new for old, new in zip(self.caller.code, merged.code)}
        for one in body:
            if one.kind == b.JUMP:
                one.argument = moved.get(id(one.argument), one.argument)
        count = _locals(self.caller)
        replace(merged, {**self.gone, self.call: body})
        merged.states = _locals(merged) + max(self.caller.states - count, stack)
        nested = Flow(merged).contexts()
        if nested is None or depths(merged) is None:
            return None
        merged.exceptions = max(len(one) for one in nested if one is not None)
        tidy(merged)
        return merged

    def _call(self, before: list[int | None]) -> int:
        """Return the number of the call that takes what is loaded; 0 where it is none."""
        code, opcode = self.caller.code, _LOADS[self.caller.code[self.load].opcode]
        is_method = opcode == b.CALL_METHOD
        ground = before[self.load] - is_method
        for number in range(self.load + 1, len(code)):
            one = code[number]
            if before[number] is None or before[number] <= ground:
                return 0
            if one.opcode == opcode and before[number] - (one.argument & 255) - 1 - is_method == (
                ground
            ):
                right = one.argument + is_method == self.callee.positional
                return number if right else 0
        return 0

    def _arguments(self) -> None:
        """Let arguments that are locals of the caller, or constants, be used where they are."""
        code, flow = self.caller.code, Flow(self.caller)
        live = flow.live()
        self.live = live[self.call]
        number, argument = self.call, self.callee.positional
        is_method = code[self.call].opcode == b.CALL_METHOD
        while argument > is_method and number - 1 > self.load:
            one = code[number - 1]
            if id(code[number]) in flow.targets or not only_pushes(one):
                break
            number, argument = number - 1, argument - 1
            if self._is_used(argument, one):
                self.gone[number] = []
        if is_method and self.load and id(code[self.load]) not in flow.targets:
            within = code[self.load : self.call]
            one = code[self.load - 1]
            stored = {i.argument for i in within if i.opcode in (b.STORE_FAST, b.DELETE_FAST)}
            if one.opcode == b.LOAD_FAST and one.argument not in stored and self._is_used(0, one):
                self.gone[self.load - 1] = []

    def _is_used(self, argument: int, pushed: Instruction) -> bool:
        if pushed.opcode == b.LOAD_FAST:
            slot = pushed.argument
            is_taken = slot in self.new.values()
            if argument in self.written and (self.live >> slot & 1 or is_taken):
                return False
            if is_taken and any(
                to == slot and one in self.written for one, to in self.new.items()
            ):
                return False
            self.new[argument] = slot
            return True
        uses = sum(
            one.opcode == b.LOAD_FAST and one.argument == argument for one in self.callee.code
        )
        is_long = len(pushed.written()) > 1 and uses > 2
        if argument in self.written or is_long or pushed.opcode == b.LOAD_GLOBAL:
            return False
        self.constants[argument] = pushed
        return True

    def _slots(self) -> Iterator[int]:
        """Yield locals of the caller that are free while the callee runs, and then new ones."""
        count = _locals(self.caller)
        for slot in range(count):
            if not self.live >> slot & 1 and slot not in self.new.values():
                yield slot
        while True:
            yield count
            count += 1

    def _body(self, depth: list, contexts: list) -> list[Instruction] | None:
        code = self.caller.code
        self.slots = self._slots()
        stored = []
        for argument in range(self.callee.positional - 1, -1, -1):
            if argument not in self.new and argument not in self.constants:
                self.new[argument] = next(self.slots)
                stored.append(Instruction(b.STORE_FAST, self.new[argument]))
        for number in range(self.callee.positional, _locals(self.callee)):
            self.new[number] = next(self.slots)
        following = code[self.call + 1]
        targets = Flow(self.caller).targets
        self.drops = following.opcode == b.POP and id(following) not in targets
        self.end = code[self.call + 2] if self.drops else following
        if self.drops:
            self.gone[self.call + 1] = []
        return self._translated(stored, depth, contexts)

    def _translated(self, stored, depth, contexts) -> list[Instruction] | None:
        copies = _copied(self.callee.code)
        targets = {id(one.argument) for one in copies if one.kind == b.JUMP}
        setups = {id(one): one.opcode for one in self.callee.code}
        new: dict[int, list[Instruction]] = {}
        for number, one in enumerate(copies):
            if one.opcode in _LOCALS:
                if one.argument in self.constants:
                    new[number] = [copy(self.constants[one.argument])]
                else:
                    one.argument = self.new[one.argument]
            elif one.opcode in _MAKES:
                one.argument += len(self.caller.children)
            elif one.opcode == b.RETURN and depth[number] is not None and not self._is_end():
                around = [setups[setup] for setup in contexts[number]]
                value = [] if id(one) in targets or not number else new.get(number - 1)
                if value is None:
                    value = [copies[number - 1]] if only_pushes(copies[number - 1]) else []
                if around not in ([], [b.SETUP_EXCEPT]):
                    return None
                if value:
                    new[number - 1] = []
                left = self._left(value, depth[number] - 1)
                new[number] = [*left, Instruction(b.POP_EXCEPT_GO if around else b.GO, self.end)]
        body = copy(self.callee)
        body.code = copies
        replace(body, new)
        return [*stored, *body.code]

    def _is_end(self) -> bool:
        """Return whether what the callee returns is what the caller returns."""
        return self.end.opcode == b.RETURN and not self.drops

    def _left(self, value: list[Instruction], extra: int) -> list[Instruction]:
        """Return what is done in place of a return, before going to the end.

        `value` is what has pushed the result, if nothing else can have done so; below it, the
        stack has `extra` entries that the caller knows nothing of.
        """
        pops = [Instruction(b.POP) for _ in range(extra)]
        if self.drops and value and not is_constant(value[0]):
            return [*value, Instruction(b.POP), *pops]
        if value:
            return pops + ([] if self.drops else value)
        if self.drops:
            return [Instruction(b.POP), *pops]
        slot = next(self.slots) if extra else 0
        return [Instruction(b.STORE_FAST, slot), *pops, Instruction(b.LOAD_FAST, slot)] * (
            extra > 0
        )


def _copied(code: list[Instruction]) -> list[Instruction]:
    copies = [copy(one) for one in code]
    moved = {id(old): new for old, new in zip(code, copies)}
    for one in copies:
        if one.kind == b.JUMP:
            one.argument = moved[id(one.argument)]
    return copies
