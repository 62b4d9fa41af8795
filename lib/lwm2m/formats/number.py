"""Exact numbers: decimals and IEEE 754 by integer arithmetic, for boards with 24-bit floats.

A decimal is an int, or a pair (mantissa, exponent of ten).
"""


def to_text(value) -> str:
    """A decimal in digits: (123456789, -3) is "123456.789". Far from 1 it takes an exponent."""
    if isinstance(value, int):
        return str(value)
    mantissa, exponent = value
    if not -30 < exponent < 30:
        return "%de%d" % value
    if exponent >= 0:
        return str(mantissa * 10**exponent)
    digits = str(abs(mantissa))
    digits = "0" * (1 - exponent - len(digits)) + digits
    return ("-" if mantissa < 0 else "") + digits[:exponent] + "." + digits[exponent:]


def from_text(text: str, strict: bool = False) -> tuple:
    """Digits, perhaps with sign, point and exponent, as a decimal. May raise ValueError.

    `strict` is JSON: no plus, no zero before other digits, digits on both sides of a point.
    """
    if len(text) > 64:
        raise ValueError
    mantissa, e, exponent = text.lower().partition("e")
    whole, point, fraction = mantissa.partition(".")
    digits = whole.lstrip("+-")
    figures = digits + fraction + exponent.lstrip("+-")
    exponent = (int(exponent) if e else 0) - len(fraction)
    if not figures.isdigit() or abs(exponent) > 400:
        raise ValueError
    if strict and (whole.lstrip("-") != str(int(digits)) or point and not fraction):
        raise ValueError
    return int(whole + fraction), exponent


def integer(value, unsigned: bool) -> int:
    """A decimal as an integer of 64 bits; ValueError where it has a fraction or is too large."""
    rest = 0
    if not isinstance(value, int):
        mantissa, exponent = value
        value, rest = divmod(mantissa * 10 ** max(exponent, 0), 10 ** max(-exponent, 0))
    if rest or value >> (64 if unsigned else 63) not in (0, unsigned - 1):
        raise ValueError
    return value


def from_digits(text: str) -> int:
    """Digits of an integer, no more of them than it needs; or ValueError."""
    if len(text) > 20:  # before they take their time
        raise ValueError
    value = int(text)
    if str(value) != text:
        raise ValueError
    return value


def digits(text: str, limit: int) -> int:
    """Digits of an ID below `limit`; or ValueError."""
    value = from_digits(text)
    if not 0 <= value < limit:
        raise ValueError
    return value


def _bits(n):
    return len(bin(n)) - 2


def to_double(value) -> bytes:
    """A decimal as the nearest IEEE 754 double, eight bytes big endian."""
    mantissa, exponent = (value, 0) if isinstance(value, int) else value
    if not mantissa:
        return bytes(8)
    above = abs(mantissa) * 10 ** max(exponent, 0)
    below = 10 ** max(-exponent, 0)
    shift = 55 - _bits(above) + _bits(below)  # the quotient gets 55 or 56 bits
    quotient, rest = divmod(above << max(shift, 0), below << max(-shift, 0))
    extra = _bits(quotient) - 53
    half = 1 << (extra - 1)
    low = quotient & (half * 2 - 1)
    quotient >>= extra
    if low > half or low == half and (rest or quotient & 1):
        quotient += 1  # may carry into the exponent, and rightly so
    biased = extra - shift + 1074
    packed = (biased << 52) + quotient
    if biased < 0 or packed >> 52 >= 2047:  # a subnormal number measures nothing
        raise ValueError
    return (packed | (mantissa < 0) << 63).to_bytes(8, "big")


def from_ieee(data: bytes, exact: bool = False) -> tuple:
    """The shortest decimal that reads back as the float (4 bytes) or double (8); or ValueError.

    `exact` is for a sender who shortens a double only where nothing is lost, as those of CBOR do
    (RFC 8949 section 4.1): a half (2 bytes) or float is then read as the double that it was,
    and an integer below 2**64 to its last digit.
    """
    packed = int.from_bytes(data, "big")
    size = len(data)
    if size not in (4, 8) and not (exact and size == 2):
        raise ValueError
    width = 52 if size == 8 else size * 13 // 2 - 3
    top = (1 << size * 8 - 1 - width) - 1
    fraction = packed & ((1 << width) - 1)
    biased = packed >> width & top
    if biased == top:
        raise ValueError
    mantissa = fraction | (1 << width if biased else 0)
    exponent = max(biased, 1) - (top >> 1) - width
    if not mantissa:
        return 0, 0
    if size == 8 and not biased:
        raise ValueError  # see to_double
    if exact:
        wider = 53 - _bits(mantissa)
        mantissa <<= wider
        exponent -= wider
    if exact and 0 <= exponent < 12:
        decimal = mantissa << exponent
        power = 0
    else:
        decimal, power = _shortest(mantissa, exponent)
    return (-decimal if packed >> (size * 8 - 1) else decimal), power


def _shortest(mantissa, exponent):
    # The fewest digits whose decimal lies nearer to mantissa * 2**exponent than half a unit of its
    # last place. All in quarters of that unit, below a power of two the unit is half as large.
    value = mantissa << max(exponent, 0) + 2
    unit = 4 << max(-exponent, 0)
    slack = (2 if mantissa & (mantissa - 1) else 1) << max(exponent, 0)
    power = (_bits(mantissa) + exponent) * 30103 // 100000 + 2
    while True:
        power -= 1
        up = 10 ** max(power, 0) * unit
        down = 10 ** max(-power, 0)
        digits = (2 * value * down // up + 1) >> 1
        if digits and abs(digits * up - value * down) < slack * down + (1 - (mantissa & 1)):
            return digits, power
