"""A store of a driver's checkpoint that is kept over power cuts."""

from drivers.reading import DriverError


class Kept:
    """`fault`: the code of the DriverError that `put` raises."""

    def __init__(self, record=None):
        self.record = record
        self.writes = self.tries = self.fault = 0

    def get(self):
        """The record."""
        return self.record

    def put(self, data):
        """Keep a record."""
        self.tries += 1
        if self.fault:
            raise DriverError(self.fault)
        self.record = bytes(data)
        self.writes += 1
