"""What a bad network makes of a datagram; runs on CPython and inside the Unix port."""


def fates(below, percent, datagram):
    """[(ms from now, what arrives)]: lost, late, twice, out of order, cut short.

    `below(n)` gives random integers from 0 to n - 1; `percent` is the chance of a loss, of a delay
    of up to 30 ms and of a second copy within 60. One of twenty that arrive is cut short.
    """
    if not percent:
        return [(0, datagram)]
    if below(100) < percent:
        return []
    found = [(below(30) if below(100) < percent else 0, datagram)]
    if below(100) < percent:
        found.append((below(60), datagram))
    if below(100) < 5:
        found[0] = 0, datagram[: below(len(datagram))]
    return found
