"""Checkpoints of the pulses, in files of the board and in memory that a reset keeps."""

from micropython import const

from drivers.pulse import Pulses, source
from drivers.reading import CHECKPOINT, DriverError
from nvstore.store import Store, StoreError

_DEBOUNCE_MS = const(20)
_SAVE_EVERY = const(10)  # of a block of flash some 0.004 erases each
_RTC_BYTES = const(2048)


class Record:
    """A record of nvstore as the store of a driver's checkpoint."""

    def __init__(self, store, name: str):
        self.store = store
        self.name = name

    def get(self) -> bytes | None:
        """The newest whole record."""
        record = self.store.load(self.name)
        return record and record[1]

    def put(self, data: bytes) -> None:
        """Write a record. May raise DriverError."""
        try:
            self.store.save(self.name, data)
        except StoreError:
            raise DriverError(CHECKPOINT)


def pulses(settings: dict, pin: int, folder: str, memory=None) -> Pulses:
    """Start the counter that is best on this chip, by the settings of the section `water`.

    Every `save_every` pulses there is a checkpoint in a file of `folder`; and at each reading in
    `memory`, an ESP32's `RTC().memory`, which a reset keeps.
    """
    stores = [(Record(Store(folder), "pulses"), settings.get("save_every", _SAVE_EVERY))]
    if memory:
        from nvstore.memory import Memory

        stores.append((Record(Memory(memory, memory, _RTC_BYTES), "pulses"), 1))
    counter = source(settings.get("pin", pin), settings.get("debounce", _DEBOUNCE_MS))
    return Pulses(counter, stores)
