"""A store for sessions of lib/dtls, in memory."""


class Store:
    """A record and a number that are always as they were written."""

    def __init__(self):
        self.record = self.number = None
        self.puts = 0

    def put(self, record):
        """Replace the record."""
        self.record = bytes(record)
        self.puts += 1

    def get(self):
        """(record, spent)."""
        return self.record, self.number

    def spend_up_to(self, number):
        """Replace the number."""
        self.number = number
