"""The section "inactive": until when there is no radio. Imported only where there is one."""

from .checks import checked, wrong

_INACTIVE = "pin - i 0 48;date - - 0 0"


def check(value) -> None:
    """Is the section right? ConfigError else."""
    date = checked("inactive", value, _INACTIVE).get("date")
    if date is not None:
        day(date)


def day(text) -> tuple:
    """(year, month, day) of a date like "2027-03-01"; or ConfigError."""
    try:
        date = tuple([int(part) for part in text.split("-")])
        right = len(text) == 10 and len(date) == 3 and date[0] >= 2025
        right = right and 0 < date[1] < 13 and 0 < date[2] < 32
    except (ValueError, AttributeError):
        right = False
    if not right:
        wrong("inactive.date", text, 'a date like "2027-03-01"')
    return date
