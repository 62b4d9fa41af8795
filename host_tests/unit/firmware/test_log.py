"""The log as people read it."""

from firmware import log
from firmware.texts import text


def test_what_a_start_says():
    uri = "coaps://192.0.2.1"
    for event, line in (
        (("registering at", uri, "water-7"), "registering at coaps://192.0.2.1 as water-7"),
        (
            ("registered", "1.1", uri, [b"rd", b"x7"]),
            "registered at coaps://192.0.2.1 (/rd/x7), LwM2M 1.1",
        ),
        (("sent again", 2), "no answer yet, sent again (2)"),
        (("next attempt", 60), "next attempt in 60 s"),
        (("dtls", "sent again", 1), "DTLS: no answer yet, sent again (1)"),
        (
            ("dtls", "no answer: wrong key?"),
            "DTLS: no answer: wrong key, or unknown identity",
        ),
        (
            ("not registered", 0x83),
            "not registered: 4.03 Forbidden: is this identity known there?",
        ),
        (("update refused", 132), "update not taken: 4.04 Not Found: is it an LwM2M server?"),
        (("update refused", 0), "update not taken: no answer"),
        (("de-registered", 0x42), "de-registered: 2.02"),
        (("dtls", "ended", 48), "DTLS ended: alert 48"),
        (("dtls", "ended", -1), "DTLS ended: no answer"),
        (("dtls", "alert", 115, 4), None),
        (
            ("failed", MemoryError("full")),
            "a fault of this software: " + repr(MemoryError("full")),
        ),
        (("modem", "no answer", "AT+CGATT"), "modem: no answer to AT+CGATT"),
        (("modem", "AT+CGATT"), "modem: AT+CGATT"),
        (("no such event", 5, "%0"), "no such event 5 %0"),
        (("wifi", "100%0 done"), "Wi-Fi: 100%0 done"),
    ):
        assert line is None or text(event) == line, text(event)
    assert "unknown identity" in text(("dtls", "alert", 115, 4))


class At:
    """A clock of `time`, and one of milliseconds."""

    def __init__(self, year):
        self.year = year

    def localtime(self):
        return self.year, 11, 26, 7, 8, 9, 3, 330

    def now(self):
        return 3004


def test_a_line_begins_with_its_level_and_the_time():
    kept = log.time, log.Clock
    try:
        for year, start in ((2026, "W 07:08:09 "), (2021, "W 3.004 "), (2000, "W 3.004 ")):
            lines = []
            log.time, log.Clock = At(year), lambda year=year: At(year)
            log.logger(2, lines.append)(2, "modem", "garbage")
            assert lines == [start + "modem: garbage"]
    finally:
        log.time, log.Clock = kept


def test_a_part_may_have_a_level_of_its_own():
    lines = []
    kept, log.Clock = log.Clock, lambda: At(2026)
    try:
        hook = log.logger({"level": 2, "dtls": 4, "network": 0}, lines.append)
        for severity in (1, 2, 3, 4):
            hook(severity, "dtls", "resumed", severity)
            hook(severity, "network up", severity)
            hook(severity, "no answer")
    finally:
        log.Clock = kept
    assert [(line[0], "DTLS" in line) for line in lines] == [
        ("E", True),
        ("E", False),
        ("W", True),
        ("W", False),
        ("I", True),
        ("D", True),
    ]


def test_only_what_is_asked_for_is_written():
    kept, log.Clock = log.Clock, lambda: At(2026)
    try:
        for level in range(5):
            lines = []
            hook = log.logger(level, lines.append)
            for severity in (1, 2, 3, 4):
                hook(severity, "no answer", 2)
            assert [line[0] for line in lines] == list("EWID"[:level])
    finally:
        log.Clock = kept
