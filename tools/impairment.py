"""What a bad network makes of datagrams, by chance; runs on CPython and inside the Unix port.

`below(n)` gives random integers from 0 to n - 1; times are in ms, chances per hundred.
"""


class Impairment:
    """Called for each datagram, it returns the delays of the copies that arrive.

    No delay drops the datagram, two repeat it. `least` is added to all of them, and up to
    `spread`; up to `longest` instead where the datagram is late. A second copy comes within
    `again`.
    """

    def __init__(self, below, loss, repeat, late, least=0, spread=0, longest=0, again=0):
        self.below = below
        self.loss, self.repeat, self.late = loss, repeat, late
        self.least, self.spread, self.longest, self.again = least, spread, longest, again

    def __call__(self, datagram=None):
        below = self.below
        if below(100) < self.loss:
            return []
        within = self.longest if below(100) < self.late else self.spread
        delays = [self.least + (below(within) if within else 0)]
        if below(100) < self.repeat:
            delays.append(self.least + below(self.again))
        return delays


def impaired(below, percent, datagram):
    """[(ms from now, what arrives)]: dropped, late, twice, out of order, cut short.

    `percent` is the chance of a loss, of a delay of up to 30 ms and of a second copy within 60.
    One of twenty that arrive is cut short.
    """
    if not percent:
        return [(0, datagram)]
    delays = Impairment(below, percent, percent, percent, 0, 0, 30, 60)()
    copies = [(delay, datagram) for delay in delays]
    if copies and below(100) < 5:
        copies[0] = 0, datagram[: below(len(datagram))]
    return copies
