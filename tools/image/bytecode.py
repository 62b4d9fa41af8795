"""A .mpy of version 6 taken apart and put together again: names, constants, functions, bytecode.

An index below 128 takes one byte, others take two; so does a jump of less than 64 bytes. Whoever
changes a function's code changes its list of instructions; jumps hold the instruction that they
lead to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .failure import ImageError

# Formats of opcodes (py/bc0.h), by their upper four bits: 1 a name, 2 a number, 3 an offset
_FORMATS = 0x3A4
NAME, NUMBER, JUMP = 1, 2, 3
_NO_EXTRA_BYTE = 0x9E
_NESTED = 4
_TUPLE = 10
_TEXT = 5
# Opcodes
LOAD_STRING, LOAD_NAME, LOAD_GLOBAL, LOAD_ATTR, LOAD_METHOD, LOAD_SUPER_METHOD = range(0x10, 0x16)
STORE_NAME, STORE_GLOBAL, STORE_ATTR, DELETE_NAME, DELETE_GLOBAL = range(0x16, 0x1B)
IMPORT_NAME, IMPORT_FROM = 0x1B, 0x1C
MAKE_CLOSURE, MAKE_CLOSURE_DEFAULTS = 0x20, 0x21
LOAD_INT, LOAD_OBJECT, LOAD_FAST_N, LOAD_DEREF, STORE_FAST_N, STORE_DEREF = range(0x22, 0x28)
DELETE_FAST, DELETE_DEREF = 0x28, 0x29
BUILD_TUPLE, BUILD_LIST, BUILD_MAP, BUILD_SET, BUILD_SLICE = range(0x2A, 0x2F)
STORE_IN_COMPREHENSION, UNPACK = 0x2F, 0x30
MAKE_FUNCTION, MAKE_FUNCTION_DEFAULTS = 0x32, 0x33
CALL_FUNCTION, CALL_FUNCTION_STAR, CALL_METHOD, CALL_METHOD_STAR = range(0x34, 0x38)
UNWIND_JUMP, GO, GO_IF, GO_IF_NOT, GO_IF_OR_POP, GO_IF_NOT_OR_POP = 0x40, *range(0x42, 0x47)
SETUP_WITH, SETUP_EXCEPT, SETUP_FINALLY, POP_EXCEPT_GO, FOR_ITER = range(0x47, 0x4C)
LOAD_FALSE, LOAD_NONE, LOAD_TRUE, LOAD_NULL = range(0x50, 0x54)
BUILD_CLASS, LOAD_SUBSCR, STORE_SUBSCR = range(0x54, 0x57)
DUP, DUP_TWO, POP, ROT_TWO, ROT_THREE = range(0x57, 0x5C)
END_FINALLY, GET_ITER, GET_ITER_ON_STACK = range(0x5D, 0x60)
STORE_MAP, RETURN, RAISE_LAST, RAISE, RAISE_FROM, YIELD, YIELD_FROM = range(0x62, 0x69)
SMALL_INT, LOAD_FAST, STORE_FAST, UNARY, BINARY = 0x70, 0xB0, 0xC0, 0xD0, 0xD7
_FEW = 16  # of LOAD_FAST and STORE_FAST, whose number is in the opcode
_SIGNED = (UNWIND_JUMP, GO, GO_IF, GO_IF_NOT)
LEAVES = (GO, RETURN, RAISE_LAST, RAISE, RAISE_FROM, UNWIND_JUMP, POP_EXCEPT_GO)


@dataclass(eq=False)
class Instruction:
    """`argument` is an index or a number, of a jump the instruction that it leads to."""

    opcode: int
    argument: "int | Instruction | None" = None
    extra: int | None = None
    end: int = 0  # where an offset begins to count: used while code is read or written
    kind: int = 0  # NAME, NUMBER, JUMP, or 0 for what has no argument

    def __post_init__(self) -> None:
        self.kind = _FORMATS >> 2 * (self.opcode >> 4) & 3

    def written(self) -> bytes:
        """Return the bytes of all but a jump."""
        if self.opcode in (LOAD_FAST, STORE_FAST):
            if self.argument < _FEW:
                return bytes((self.opcode + self.argument,))
            opcode = LOAD_FAST_N if self.opcode == LOAD_FAST else STORE_FAST_N
            return bytes((opcode,)) + _uint(self.argument)
        if self.opcode == LOAD_INT:
            return bytes((self.opcode,)) + _sint(self.argument)
        written = bytes((self.opcode,)) + (_uint(self.argument) if self.kind else b"")
        return written if self.extra is None else written + bytes((self.extra,))


@dataclass(eq=False)
class Function:
    """One function, class body or comprehension, or the module itself."""

    states: int  # locals and stack
    exceptions: int  # nested handlers
    flags: int
    positional: int
    keyword_only: int
    defaults: int
    names: list[int]  # its own and those of its arguments: indices of the file's names
    cells: bytes
    code: list[Instruction]
    children: list["Function"] = field(default_factory=list)
    rest: bytes = b""  # line numbers

    def tree(self) -> Iterator["Function"]:
        """Yield this one and all within it."""
        yield self
        for child in self.children:
            yield from child.tree()


def _uint(value: int) -> bytes:
    found = bytes((value & 127,))
    while value := value >> 7:
        found = bytes((value & 127 | 128,)) + found
    return found


def _sint(value: int) -> bytes:
    size = 1
    while not -(1 << 7 * size - 1) <= value < 1 << 7 * size - 1:
        size += 1
    places = range(7 * size - 7, -1, -7)
    return bytes(value >> place & 127 | (128 if place else 0) for place in places)


class Mpy:
    """A file: `names` (a static one is its number), `objects` (as written), `code`."""

    def __init__(self, data: bytes):
        self._data, self._at = data, 4
        if data[:2] != b"M\x06" or data[2] >> 2 & 15:
            raise ImageError("this is no .mpy of version 6 of bytecode: has mpy-cross changed?")
        names, objects = self._uint(), self._uint()
        self.names: list[str | int] = [self._name() for _ in range(names)]
        self._rest(objects)

    def _rest(self, objects: int) -> None:
        self.objects = [self._object() for _ in range(objects)]
        self.code = self._function()
        if self._at != len(self._data):
            raise ImageError("a .mpy is longer than its code: has mpy-cross changed?")

    def _uint(self) -> int:
        value, more = 0, True
        while more:
            byte = self._data[self._at]
            self._at += 1
            value, more = value << 7 | byte & 127, byte & 128
        return value

    def _sint(self) -> int:
        negative, start = self._data[self._at] & 64, self._at
        value = self._uint()
        return value - (1 << 7 * (self._at - start)) if negative else value

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _name(self) -> str | int:
        size = self._uint()
        return size >> 1 if size & 1 else self._take((size >> 1) + 1)[:-1].decode()

    def _object(self) -> bytes:
        start, kind = self._at, self._take(1)[0]
        if kind == _TUPLE:
            for _ in range(self._uint()):
                self._object()
        elif kind > 4:  # a text, bytes or a number; else a singleton
            self._take(self._uint() + (kind in (_TEXT, 6)))
        return self._data[start : self._at]

    def _function(self) -> Function:
        head = self._uint()
        if head & 3:
            raise ImageError("a .mpy with native code: leave its module out of what is joined")
        end = self._at + (head >> 3)
        signature, (info, cells) = self._signature(), self._sizes()
        start = self._at
        names = [self._uint() for _ in range(1 + signature[3] + signature[4])]
        rest = self._take(start + info - self._at)
        found = Function(*signature, names, self._take(cells), self._instructions(end), rest=rest)
        if head & _NESTED:
            found.children = [self._function() for _ in range(self._uint())]
        return found

    def _signature(self) -> list[int]:
        byte = self._take(1)[0]
        states, exceptions, positional = byte >> 3 & 15, byte >> 2 & 1, byte & 3
        flags = keyword_only = defaults = number = 0
        while byte & 128:
            byte = self._take(1)[0]
            flags |= (byte >> 6 & 1) << number
            states |= (byte >> 4 & 3) << 2 * number + 4
            keyword_only |= (byte >> 3 & 1) << number
            positional |= (byte >> 2 & 1) << number + 2
            exceptions |= (byte >> 1 & 1) << number + 1
            defaults |= (byte & 1) << number
            number += 1
        return [states + 1, exceptions, flags, positional, keyword_only, defaults]

    def _sizes(self) -> tuple[int, int]:
        """Return the bytes of names and line numbers, and of cells, in a prelude."""
        info = cells = number = 0
        more = True
        while more:
            byte = self._take(1)[0]
            cells |= (byte & 1) << number
            info |= (byte >> 1 & 63) << 6 * number
            number, more = number + 1, byte & 128
        return info, cells

    def _instructions(self, end: int) -> list[Instruction]:
        start, code, places = self._at, [], {}
        while self._at < end:
            place = self._at
            code.append(self._instruction())
            places[place] = code[-1]
        if start == end or self._at != end:
            raise ImageError("bytecode of an unknown length: has mpy-cross changed?")
        for one in code:
            if one.kind == JUMP:
                one.argument = places[one.end + one.argument]
        return code

    def _instruction(self) -> Instruction:
        opcode = self._take(1)[0]
        if LOAD_FAST <= opcode < LOAD_FAST + _FEW:
            return Instruction(LOAD_FAST, opcode - LOAD_FAST)
        if STORE_FAST <= opcode < STORE_FAST + _FEW:
            return Instruction(STORE_FAST, opcode - STORE_FAST)
        one = Instruction(opcode)
        if one.kind == JUMP:
            low = self._take(1)[0]
            bias = 64
            if low & 128:
                low, bias = low & 127 | self._take(1)[0] << 7, 0x4000
            one.argument, one.end = low - bias * (opcode in _SIGNED), self._at
        elif opcode == LOAD_INT:
            one.argument = self._sint()
        elif one.kind:
            one.argument = self._uint()
        if one.kind and not opcode & _NO_EXTRA_BYTE:
            one.extra = self._take(1)[0]
        if opcode in (LOAD_FAST_N, STORE_FAST_N):
            one.opcode = LOAD_FAST if opcode == LOAD_FAST_N else STORE_FAST
        return one

    def written(self) -> bytes:
        """Return the file."""
        names = b"".join(map(_written_name, self.names))
        return b"".join(
            (self._data[:4], _uint(len(self.names)), _uint(len(self.objects)))
            + (names, *self.objects, _written_function(self.code))
        )


class _Names(Mpy):
    """The names only: of a shrunk one, nobody knows where the names of arguments are left out."""

    def _rest(self, objects: int) -> None:
        pass


def names_of(data: bytes) -> list[str | int]:
    """Return the names of a file."""
    return _Names(data).names


def _written_name(name: str | int) -> bytes:
    if isinstance(name, int):
        return _uint(name << 1 | 1)
    text = name.encode()
    return _uint(len(text) << 1) + text + b"\x00"


def _written_function(function: Function) -> bytes:
    body = prelude(function) + written_code(function.code)
    head = _uint(len(body) << 3 | (_NESTED if function.children else 0))
    if not function.children:
        return head + body
    children = b"".join(map(_written_function, function.children))
    return head + body + _uint(len(function.children)) + children


def prelude(function: Function) -> bytes:
    """Return what comes before a function's code."""
    info = b"".join(map(_uint, function.names)) + function.rest
    cells = function.cells
    return _written_signature(function) + _written_sizes(len(info), len(cells)) + info + cells


def _written_signature(function: Function) -> bytes:
    states, exceptions, positional = function.states - 1, function.exceptions, function.positional
    found = [(states & 15) << 3 | (exceptions & 1) << 2 | positional & 3]
    states, exceptions, positional = states >> 4, exceptions >> 1, positional >> 2
    flags, keyword_only, defaults = function.flags, function.keyword_only, function.defaults
    while states | exceptions | positional | flags | keyword_only | defaults:
        found[-1] |= 128
        found.append(
            (flags & 1) << 6 | (states & 3) << 4 | (keyword_only & 1) << 3
            | (positional & 1) << 2 | (exceptions & 1) << 1 | defaults & 1
        )  # fmt: skip
        states, exceptions, positional = states >> 2, exceptions >> 1, positional >> 1
        flags, keyword_only, defaults = flags >> 1, keyword_only >> 1, defaults >> 1
    return bytes(found)


def _written_sizes(info: int, cells: int) -> bytes:
    found = []
    while True:
        byte = (info & 63) << 1 | cells & 1
        info, cells = info >> 6, cells >> 1
        found.append(byte | (128 if info | cells else 0))
        if not info | cells:
            return bytes(found)


def written_code(code: list[Instruction]) -> bytes:
    """Return the bytes of instructions, each jump in as few as its distance allows."""
    fixed = [b"" if one.kind == JUMP else one.written() for one in code]
    long: set[int] = set()
    while True:
        starts, at = {}, 0
        for number, one in enumerate(code):
            starts[id(one)] = at
            at += len(fixed[number])
            if one.kind == JUMP:
                at += 3 if number in long else 2
                one.end = at
                at += one.extra is not None
        more = {
            number
            for number, one in enumerate(code)
            if one.kind == JUMP and number not in long and not _is_short(one, starts)
        }
        if not more:
            break
        long |= more
    return b"".join(
        _written_jump(one, starts, number in long) if one.kind == JUMP else fixed[number]
        for number, one in enumerate(code)
    )


def _is_short(one: Instruction, starts: dict[int, int]) -> bool:
    offset = starts[id(one.argument)] - one.end
    return -64 <= offset < 64 if one.opcode in _SIGNED else offset < 128


def _written_jump(one: Instruction, starts: dict[int, int], is_long: bool) -> bytes:
    offset = starts[id(one.argument)] - one.end
    signed = one.opcode in _SIGNED
    if is_long:
        value = offset + 0x4000 * signed
        place = bytes((value & 127 | 128, value >> 7))
    else:
        place = bytes((offset + 64 * signed,))
    return bytes((one.opcode,)) + place + (b"" if one.extra is None else bytes((one.extra,)))
