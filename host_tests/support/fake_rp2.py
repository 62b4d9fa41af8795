"""The module `rp2` for tests: state machines that run the very PIO program, and DMA from them.

The assembler keeps a program's instructions as tuples, the interpreter runs those that are known
to it: pull, push, mov, jmp. Anything else is an error, not ignored.
"""

_WORD = 0xFFFFFFFF
# RP2350: the watchdog, its register of ACCESSCTRL, what a write to that needs, bits DMA and SP
_WATCHDOG_2350, _ACCESSCTRL, _PASSWORD, _DMA_ACCESS = 0x400D8000, 0x400600D8, 0xACCE, 0x48


class Assembler:
    """What a function under @asm_pio calls: it collects instructions and labels."""

    def __init__(self):
        self.code = []
        self.labels = {}
        self.first = 0
        self.last = None

    def names(self):
        """The names that the function sees."""
        known = {name: name for name in ("x", "y", "osr", "isr", "pin", "noblock", "block")}
        known.update({"x_dec": "x_dec", "y_dec": "y_dec", "not_x": "not_x", "not_y": "not_y"})
        known["invert"] = lambda source: ("invert", source)
        known["label"] = lambda name: self.labels.update({name: len(self.code)})
        known["wrap_target"] = lambda: setattr(self, "first", len(self.code))
        known["wrap"] = lambda: setattr(self, "last", len(self.code))
        for name in ("pull", "push", "mov", "jmp"):
            known[name] = self._emitter(name)
        return known

    def _emitter(self, name):
        return lambda *words: self.code.append((name,) + words)


def assembled(function):
    """The program of a function, whose globals are the instructions while it runs."""
    program = Assembler()
    names = function.__globals__
    kept = dict(names)
    names.update(program.names())
    try:
        function()
    finally:
        for name in program.names():
            if name in kept:
                names[name] = kept[name]
            else:
                del names[name]
    if not 0 < len(program.code) <= 32:
        raise ValueError("a PIO holds 32 instructions")
    return program


class StateMachine:
    """One state machine; an instruction takes a cycle of its clock."""

    def __init__(self, number, program, freq, jmp_pin):
        if freq < 1908:
            raise ValueError("freq out of range")
        self.number = number
        self.program = program
        self.period = 1000000 // freq
        self.pin = jmp_pin.number
        self.registers = {"x": 0, "y": 0, "isr": 0, "osr": 0}
        self.sent, self.received = [], []  # by the host, by the machine
        self.at = 0
        self.due = None
        Rp2.machines.append(self)

    def put(self, word):
        """Queue a word to the program."""
        if len(self.sent) == 4:
            raise RuntimeError("would block for ever")
        self.sent.append(word & _WORD)

    def active(self, on):
        """Start or stop it."""
        self.due = 0 if on else None

    def step(self, level):
        """Run one instruction."""
        name, *words = self.program.code[self.at]
        at = self.at + 1
        if name == "pull":
            if not self.sent:
                return
            self.registers["osr"] = self.sent.pop(0)
        elif name == "push":
            if words != ["noblock"]:
                raise ValueError(words)
            if len(self.received) < 4:
                self.received.append(self.registers["isr"])
            self.registers["isr"] = 0
        elif name == "mov":
            target, source = words
            flip = isinstance(source, tuple)
            value = self.registers[source[1] if flip else source]
            self.registers[target] = ~value & _WORD if flip else value
        elif self._taken(words, level):
            at = self.program.labels[words[-1]]
        self.at = self.program.first if at == self.program.last else at

    def _taken(self, words, level):
        if len(words) == 1:
            return True
        if words[0] == "pin":
            return level
        register = {"x_dec": "x", "y_dec": "y"}[words[0]]
        value = self.registers[register]
        self.registers[register] = (value - 1) & _WORD
        return value != 0


class DMA:
    """A channel that carries a state machine's words to an address."""

    def __init__(self):
        Rp2.channels.append(self)

    def pack_ctrl(self, inc_read=True, inc_write=True, treq_sel=63):
        """The control word: here its parts."""
        return inc_read, inc_write, treq_sel

    def config(self, read, write, count, ctrl, trigger):
        """Set it up."""
        request = (read.number >> 2) * 8 + 4 + (read.number & 3)
        if ctrl != (False, False, request) or not trigger:
            raise ValueError("not what this fake does")
        self.source, self.address, self.left = read, write, count


class Rp2:
    """The module."""

    StateMachine, DMA = StateMachine, DMA
    machines = []
    channels = []

    def __init__(self, memory):
        self.memory = memory()

    @staticmethod
    def asm_pio(**settings):
        """The decorator; no setting is known here."""
        if settings:
            raise ValueError(settings)
        return assembled

    @staticmethod
    def reset():
        """No state machine runs any more."""
        del Rp2.machines[:], Rp2.channels[:]

    def run(self, begin, end, world):
        """Run what runs from one time to another, in us; the pins do not change meanwhile."""
        for state in self.machines:
            if state.due is None:
                continue
            state.due = max(state.due, begin)
            level = world.level(state.pin)
            while state.due < end:
                state.step(level)
                state.due += state.period
                for channel in self.channels:
                    while channel.source is state and state.received and channel.left:
                        channel.left -= 1
                        word = state.received.pop(0)
                        if self._reached(channel.address):
                            self.memory[channel.address] = word
                        else:  # a bus error ends the channel
                            channel.left = 0

    def _reached(self, address):
        """May DMA write there? Of an RP2350 ACCESSCTRL says no of its watchdog (RESET: 0xB8)."""
        if address >> 12 != _WATCHDOG_2350 >> 12:
            return True
        written = self.memory[_ACCESSCTRL]
        access = written & 0xFF if written >> 16 == _PASSWORD else 0xB8
        return access & _DMA_ACCESS == _DMA_ACCESS
