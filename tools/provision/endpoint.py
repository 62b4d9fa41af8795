"""Endpoint Client Names: the schemes of LwM2M Core 1.2, section 7.3.1, and plain ones, checked."""

import re

_OUI = "[0-9A-F]{6}"
_PART = r"[A-Za-z0-9._%-]+"
_HEX = "[0-9a-fA-F]"
# By scheme: what follows it, and an example.
SCHEMES = {
    "urn:imei:": (r"\d{15}", "urn:imei:490154203237518"),
    "urn:imei-msisdn:": (r"\d{15}-\d{7,15}", "urn:imei-msisdn:490154203237518-491701234567"),
    "urn:imei-imsi:": (r"\d{15}-\d{6,15}", "urn:imei-imsi:490154203237518-262011234567890"),
    "urn:imsi:": (r"\d{6,15}", "urn:imsi:262011234567890"),
    "urn:dev:ops:": ("%s-%s-%s" % (_OUI, _PART, _PART), "urn:dev:ops:0002B3-water-0042"),
    "urn:dev:os:": ("%s-%s" % (_OUI, _PART), "urn:dev:os:0002B3-0042"),
    "urn:uuid:": (
        "%s{8}(-%s{4}){3}-%s{12}" % (_HEX, _HEX, _HEX),
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    ),
    "urn:esn:": (_HEX + "{8}", "urn:esn:80a1b2c3"),
    "urn:meid:": (_HEX + "{14}", "urn:meid:a0000012345678"),
}
_LONGEST = 128  # bytes, as firmware/config has it


def wrong(name: str) -> str:
    """Return what is wrong with a name, and how it must be; "" where it is right."""
    if not 0 < len(name.encode()) <= _LONGEST:
        return "must be 1 to %d bytes" % _LONGEST
    if re.search(r"[^!-~]", name):
        return "must be of ASCII, without spaces"
    if not name.lower().startswith("urn:"):
        return ""
    for scheme, (pattern, example) in SCHEMES.items():
        if name.startswith(scheme):
            rest = name[len(scheme) :]
            if not re.fullmatch(pattern, rest):
                return "must be like %s" % example
            if "imei" in scheme and not _luhn(rest[:15]):
                return "is no IMEI: its last digit must be %s" % _check_digit(rest[:14])
            return ""
    return "must begin with one of %s, or with another word than urn" % ", ".join(SCHEMES)


def _check_digit(digits: str) -> str:
    """Return the digit of Luhn that follows 14 digits."""
    return next(last for last in "0123456789" if _luhn(digits + last))


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
