"""A store for sessions of lib/dtls, in memory."""


class Store:
    """A record and a mark that are always as they were written."""

    def __init__(self):
        self.record = self.number = None
        self.puts = 0

    def put(self, record):
        """Replace the record."""
        self.record = bytes(record)
        self.puts += 1

    def get(self):
        """(record, mark)."""
        return self.record, self.number

    def mark(self, number):
        """Replace the mark."""
        self.number = number
