"""The pulses of a meter, counted through resets and power cuts.

A source counts: `count()`, modulo `mask` + 1; `kept`, whether it goes on from before the reset;
`keep()`, from now on a reset is to keep it; `uncertain`, whether it may miss pulses. There are
drivers.pulse_pio (RP2040, RP2350), drivers.pulse_counter (ESP32) and drivers.pulse_irq (any).

A store keeps the checkpoint: `get() -> bytes | None` and `put(data: bytes)`, which may raise
DriverError; after a power cut it has the old or the new record, and what is damaged is None.
"""

import sys
import time

from .reading import FIRST, GOOD, UNCERTAIN, DriverError


def source(pin: int, debounce_ms: int):
    """Start what counts best on this chip the falling edges of a contact to ground."""
    if sys.platform == "rp2":
        from .pulse_pio import PioCounter

        return PioCounter(pin, debounce_ms)
    import machine

    # Its filter takes 12.8 us at most: a contact that bounces needs the interrupt, or an RC.
    if hasattr(machine, "Counter") and not debounce_ms:
        from .pulse_counter import HardwareCounter

        return HardwareCounter(pin)
    from .pulse_irq import EdgeCounter

    return EdgeCounter(pin, debounce_ms)


class Pulses:
    """The total of a source, in pulses.

    A power cut loses what was counted since the last checkpoint: `every` pulses of its store, and
    those between two `read`s; where the source is kept, a reset loses nothing that it counted.
    """

    def __init__(self, source, stores=(), now=None):
        """`stores`: pairs of a store and its `every`; that of the highest total counts.

        May raise the DriverError of a store that cannot be read where no other has a record.
        """
        self.source = source
        self.stores = stores
        self.now = now or time.ticks_ms
        self.fault = 0  # a code while a store's last checkpoint failed
        self._faults = [0] * len(stores)
        self.total = raw = 0
        newest = fault = None
        for store, _ in stores:
            try:
                record = store.get()
            except DriverError as error:
                fault = error
                continue
            if record and int.from_bytes(record[:8], "big") >= self.total:
                newest = record
                self.total = int.from_bytes(record[:8], "big")
                raw = int.from_bytes(record[8:12], "big")
        if fault and not newest:
            raise fault  # to count from 0, and keep that, would lose what is there
        # A source goes on without any record where all that is stored was erased: its count is old
        kept = source.kept and (newest or not stores)
        # Readings until the first checkpoint of this count. The second has it, for writing flash
        # stops all for 0.1 s, and before the first Register there is one
        self._first = 0 if kept else 2
        # The stores whose record is of a count before a power cut: it must not meet the new one
        self._old = list(range(len(stores))) if self._first else None
        self._raw = raw if kept else source.count()
        self._saved = [self.total] * len(stores)

    def read(self) -> tuple:
        """The total as (pulses, 0, quality, time); keeps a checkpoint where one is due."""
        self._count()
        first = self._first > 1
        if self._first:
            self._first -= 1
            if not first:
                self.save()
        for i in range(len(self.stores)):
            if self.total - self._saved[i] >= self.stores[i][1]:
                self._put(i)
        if self._old == []:
            self._old = None
            self.source.keep()
        quality = UNCERTAIN if self.fault or self.source.uncertain else GOOD
        if first:
            quality = quality or FIRST
        return self.total, 0, quality, self.now()

    def pulses(self) -> int:
        """The total alone."""
        return self.read()[0]

    def save(self) -> None:
        """Keep a checkpoint in every store now: before a reset, a sleep, an update."""
        self._count()
        for i in range(len(self.stores)):
            self._put(i)

    def save_at(self, pin) -> None:
        """Keep a checkpoint when this input falls: the supply is about to go.

        The supply must hold until the interpreter comes to it and the store has it: 0.5 s.
        """
        pin.irq(lambda pin: self.save(), pin.IRQ_FALLING)

    def _count(self):
        raw = self.source.count()
        self.total += (raw - self._raw) & self.source.mask
        self._raw = raw

    def _put(self, i):
        # Tried again after as many pulses: a store that fails is not worn out
        self._saved[i] = self.total
        record = self.total.to_bytes(8, "big") + self._raw.to_bytes(4, "big")
        try:
            self.stores[i][0].put(record)
            self._faults[i] = 0
            if self._old and i in self._old:
                self._old.remove(i)
        except DriverError as error:
            self._faults[i] = error.code
        self.fault = max(self._faults)
