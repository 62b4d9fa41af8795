"""A counter whose values are never given twice, whatever happens between two writes."""

from .store import Store


class Counter:
    """Gives 0, 1, 2 ...; after a restart it goes on above all that were given, with a jump.

    The limit up to which values may be given is stored before the first of them is: one write per
    `jump` values.
    """

    def __init__(self, store: Store, name: str, jump: int = 256):
        self.store = store
        self.name = name
        self.jump = jump
        record = store.load(name, True)
        self.value = self.limit = int.from_bytes(record[1], "big") if record else 0

    def take(self) -> int:
        """The next value. May raise StoreError; then none was given."""
        if self.value >= self.limit:
            limit = self.value + self.jump
            self.store.save(self.name, limit.to_bytes(8, "big"), 0, True)
            self.limit = limit
        self.value += 1
        return self.value - 1
