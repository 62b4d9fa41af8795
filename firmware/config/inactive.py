"""The section "inactive": until when there is no radio. Imported only where there is one."""

from .checks import checked, wrong

SECTION = "pin - i 0 48;date - - 0 0"


def check(value) -> None:
    """Is the section right? ConfigError else."""
    date = checked("inactive", value, SECTION).get("date")
    if date is not None:
        day(date)


def day(text) -> tuple:
    """(year, month, day) of a date like "2027-03-01"; or ConfigError."""
    parts = (0, 0, 0)
    try:
        parts = tuple([int(part) for part in text.split("-")])
    except (ValueError, AttributeError):
        pass
    if len(parts) != 3 or len(text) != 10 or not (2025 <= parts[0] and 0 < parts[1] < 13):
        parts = (0, 0, 0)
    if not 0 < parts[2] < 32:
        wrong("inactive.date", text, 'a date like "2027-03-01"')
    return parts
