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
    try:
        year, month, day = [int(part) for part in text.split("-")]
        if len(text) == 10 and 2025 <= year and 0 < month < 13 and 0 < day < 32:
            return year, month, day
    except (ValueError, AttributeError):
        pass
    wrong("inactive.date", text, 'a date like "2027-03-01"')
