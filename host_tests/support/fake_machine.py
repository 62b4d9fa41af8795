"""A fake `machine`, with its own time, for drivers on CPython and in the Unix port.

`load("ds18b20")` imports `drivers.ds18b20` with the fakes of this file as its `machine`, `time`,
`rp2` and so on; the rest of the process keeps its own. `world` has the pins and the time: what is
wired to them is played by `world.at(ms, function)`. Interrupt handlers run hard: the heap is
locked in the Unix port, so that one that allocates fails the test.
"""

import errno
import sys

import micropython
from fake_rp2 import Rp2

_TICKS = 1 << 30
_HALF = _TICKS // 2


class World:
    """Time, pins and memory; `cut` is a power cut, `reset` a reset that keeps the registers."""

    def __init__(self):
        self.cut()
        self.us = 0
        self.hard = False  # in an interrupt, with the heap locked

    def reset(self):
        """The chip starts anew: interrupts, timers and state machines are gone."""
        self.levels = {}  # what is wired to a pin drives; else its pull-up
        self.handlers = {}
        self.outputs = {}
        self.timers = []
        self.events = []
        self.masked = False  # interrupts, as while flash is erased
        self.pending = {}
        self.counters = {}
        rp2.reset()

    def cut(self):
        """The power goes: nothing is kept."""
        self.memory = {}
        self.adc = {}
        self.reset()

    def ms(self):
        """The time that never wraps."""
        return self.us // 1000

    def at(self, ms, function, *arguments):
        """Call a function so many ms from now."""
        self.events.append((self.us + round(ms * 1000), len(self.events), function, arguments))
        self.events.sort(key=lambda event: event[:2])

    def run(self, ms):
        """Let time pass."""
        end = self.us + round(ms * 1000)
        while True:
            due = self.events[0][0] if self.events else end
            timers = [timer.due for timer in self.timers]
            due = min([due, end] + timers)
            rp2.run(self.us, due, self)
            self.us = due
            if self.events and self.events[0][0] <= due:
                _, _, function, arguments = self.events.pop(0)
                function(*arguments)
            elif timers and min(timers) <= due:
                self.timers[timers.index(min(timers))].expire()
            elif due >= end:
                return

    def level(self, pin):
        """The level of a pin; an open one has its pull-up."""
        if pin in self.outputs:
            return self.outputs[pin]
        return self.levels.get(pin, 1)

    def set(self, pin, level):
        """What is wired to a pin drives it."""
        old = self.level(pin)
        self.levels[pin] = level
        if old == level:
            return
        counter = self.counters.get(pin)
        if counter and not level:
            counter.edge(self.us)
        if pin in self.handlers:
            trigger = Pin.IRQ_RISING if level else Pin.IRQ_FALLING
            if self.handlers[pin][1] & trigger:
                self.pending[pin] = True  # one is remembered, however many there are
                self.interrupt()

    def interrupt(self):
        """Run the handlers that are pending."""
        while self.pending and not self.masked:
            pin = list(self.pending)[0]
            del self.pending[pin]
            handler, _, source = self.handlers[pin]
            hard(handler, source)

    def mask(self, masked):
        """Interrupts are taken no more, or again."""
        self.masked = masked
        self.interrupt()


def hard(handler, argument):
    """Run a handler as an interrupt does: it must not allocate."""
    if hasattr(micropython, "heap_lock"):
        world.hard = True
        micropython.heap_lock()
        try:
            handler(argument)
        finally:
            micropython.heap_unlock()
            world.hard = False
    else:
        handler(argument)


class Pin:
    """machine.Pin."""

    IN, OUT, OPEN_DRAIN = 0, 1, 2
    PULL_UP, PULL_DOWN = 1, 2
    IRQ_RISING, IRQ_FALLING = 8, 4

    def __init__(self, number, mode=None, pull=None, value=None):
        self.number = number
        if mode == Pin.OUT:
            world.outputs[number] = value or 0
            changed(number)

    def value(self, level=None):
        """Its level, or set it; what is wired to it may allocate."""
        if level is None:
            return world.level(self.number)
        locked = world.hard
        if locked:
            micropython.heap_unlock()
        world.outputs[self.number] = level
        changed(self.number)
        if locked:
            micropython.heap_lock()
        return None

    def irq(self, handler=None, trigger=12, hard=False):
        """Set the handler."""
        world.handlers[self.number] = handler, trigger, self


def changed(number):
    """An output changed: `world.watch(pin, level)` looks, where a test has set it."""
    watch = getattr(world, "watch", None)
    if watch:
        watch(number, world.outputs[number])


class Timer:
    """machine.Timer, of one shot."""

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, number=-1):
        self.due = None

    def init(self, mode=1, period=0, callback=None):
        """Start it."""
        self.due = world.us + period * 1000
        self.callback = callback
        world.timers.append(self)

    def expire(self):
        """Its time has come."""
        world.timers.remove(self)
        hard(self.callback, self)


class ADC:
    """machine.ADC of an RP2040: `world.adc[pin]` is its raw value, or a list of them in turn."""

    def __init__(self, pin):
        self.pin = pin.number

    def read_u16(self):
        """A conversion."""
        value = world.adc[self.pin]
        return value.pop(0) if isinstance(value, list) else value


class CalibratedADC(ADC):
    """That of an ESP32."""

    def read_uv(self):
        """A conversion in uV."""
        return world.adc[self.pin] * 50


class Counter:
    """machine.Counter of an ESP32, with its filter."""

    RISING, FALLING = 1, 2

    def __init__(self, unit, src, edge=1, filter_ns=0):
        if edge != Counter.FALLING or not 0 <= filter_ns <= 12787:
            raise ValueError("not what this fake does")
        self.number = 0
        world.counters[src.number] = self

    def edge(self, us):
        """A falling edge."""
        self.number += 1

    def value(self):
        """The count."""
        return self.number


class I2C:
    """machine.I2C with devices by address: `read(register, size)`, `write(register, data)`."""

    def __init__(self):
        self.devices = {}
        self.fault = 0  # an errno that the next transfers raise

    def _device(self, address):
        if self.fault:
            raise OSError(self.fault, "I2C")
        if address not in self.devices:
            raise OSError(errno.ENODEV, "I2C")
        return self.devices[address]

    def readfrom_mem(self, address, register, size, addrsize=8):
        """Read registers."""
        return self._device(address).read(register, size)

    def writeto_mem(self, address, register, data, addrsize=8):
        """Write registers."""
        self._device(address).write(register, bytes(data))


class Memory:
    """machine.mem32."""

    def __getitem__(self, address):
        return world.memory.get(address, 0)

    def __setitem__(self, address, value):
        world.memory[address] = value & 0xFFFFFFFF


class Machine:
    """The module `machine` of an RP2040."""

    Pin, Timer, ADC, I2C = Pin, Timer, ADC, I2C
    mem32 = Memory()


class Esp32(Machine):
    """That of an ESP32."""

    ADC = CalibratedADC
    Counter = Counter


class Time:
    """The module `time`."""

    @staticmethod
    def ticks_ms():
        """Milliseconds that wrap as on a board, where they are a small int."""
        locked = world.hard
        if locked:  # on 32 bits the sums here are large integers, those of a port are not
            micropython.heap_unlock()
        ticks = (world.us // 1000 + Time.offset) % _TICKS
        if locked:
            micropython.heap_lock()
        return ticks

    @staticmethod
    def ticks_diff(a, b):
        """The difference, over a wrap, too."""
        a -= b  # each step is a small int on 32 bits
        if a >= _HALF:
            return a - _HALF - _HALF
        return a + _HALF + _HALF if a < -_HALF else a

    offset = _TICKS - 500  # they wrap half a second after the start


class Sys:
    """The module `sys` of a board."""

    def __init__(self, platform, name):
        self.platform = platform
        self.path = sys.path  # of CPython's importer
        self.implementation = type("Implementation", (), {"_machine": name})


rp2 = Rp2(Memory)
world = World()
RP2040 = {"machine": Machine, "time": Time, "rp2": rp2, "sys": Sys("rp2", "METER with RP2040")}
RP2350 = dict(RP2040, sys=Sys("rp2", "Raspberry Pi Pico 2 W with RP2350"))
ESP32 = {"machine": Esp32, "time": Time, "sys": Sys("esp32", "ESP32 module with ESP32")}
UNIX = {"machine": Machine, "time": Time, "sys": Sys("linux", "linux")}


def load(name, board=None, **more):
    """Import a module of `drivers` anew, on a board."""
    fakes = dict(board or RP2040, **more)
    with Imported(fakes):
        for module in tuple(sys.modules):
            if module.startswith("drivers.") and not module.endswith("reading"):
                del sys.modules[module]
        return __import__("drivers." + name, None, None, ("x",))


class Imported:
    """While it lasts an import finds the fakes."""

    def __init__(self, fakes):
        self.fakes = fakes

    def __enter__(self):
        self.kept = {name: sys.modules.get(name) for name in self.fakes}
        sys.modules.update(self.fakes)

    def __exit__(self, *_):
        for name, module in self.kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
