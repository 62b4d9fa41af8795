"""A factory reset erases what it says, keeps what it says, and ends even if interrupted."""

import os

from firmware import app, erase
from firmware.config import settings as config
from folders import emptied, made

ROOT = "build/tmp-erase"
GOES = ("crashes", "sessions/0/dtls", "sessions/1/dtls", "0/attributes", "update.new")
STAYS = ("registers", "0/registers", "1/registers", "pulses")


def quiet(*event):
    pass


def filled():
    emptied(ROOT)
    for path in GOES + STAYS:
        made(ROOT + "/data/" + path)
    made(ROOT + "/config/config.json")


def there(path):
    try:
        os.stat(ROOT + "/" + path)
        return True
    except OSError:
        return False


def left():
    return [path for path in GOES if there("data/" + path)]


def all_stays():
    return there("config/config.json") and all([there("data/" + path) for path in STAYS])


def test_a_factory_reset_by_a_server_erases_and_keeps_what_the_page_says():
    filled()
    logged = []
    board = {"storage": ROOT + "/data", "safe": True}
    client, device = app.build(config.check({}), lambda *event: logged.append(event), board)
    device.reboot = quiet
    device.execute(0, 5, b"")
    assert left() == [] and all_stays() and not there("data/erasing")
    assert logged == [(3, "factory reset")]


def ilistdir(path):
    return os.ilistdir(path)  # which CPython, that collects this, has not


class Cut(Exception):
    """The power went."""


class CuttingOs:
    """Module os, whose power goes at the `left`-th removal."""

    ilistdir = staticmethod(ilistdir)

    def __init__(self, left):
        self.left = left

    def remove(self, path):
        if not self.left:
            raise Cut
        self.left -= 1
        os.remove(path)


def test_an_interrupted_one_goes_on_at_the_next_start():
    """Wherever the power goes, the file that says so is there until nothing is left."""
    for cut in range(len(GOES) + 1):
        filled()
        erase.os = CuttingOs(cut)
        try:
            erase.begin(ROOT + "/data", quiet)
            raise AssertionError("not cut")
        except Cut:
            pass
        finally:
            erase.os = os
        assert there("data/erasing") and len(left()) == len(GOES) - cut
        erase.finish(ROOT + "/data", quiet)
        assert left() == [] and all_stays() and not there("data/erasing")


def test_records_go_only_when_it_is_sure_that_the_rest_will():
    filled()
    marked = []

    class State:
        def forget(self):
            marked.append(there("data/erasing"))

    erase.begin(ROOT + "/data", quiet, State())
    assert marked == [True] and left() == []


def test_what_cannot_be_erased_is_said_and_tried_again():
    filled()
    logged = []

    class Os:
        ilistdir = staticmethod(ilistdir)

        @staticmethod
        def remove(path):
            raise OSError(30)

    erase.os = Os
    try:
        erase.begin(ROOT + "/data", lambda *event: logged.append(event))
    finally:
        erase.os = os
    assert [event[:2] for event in logged] == [(1, "not erased")] * len(GOES)
    assert there("data/erasing")


def test_what_cannot_even_be_looked_at_keeps_no_meter_from_starting():
    """It goes on at each start: what raised there would raise at each."""

    class Os:
        listdir, ilistdir = os.listdir, staticmethod(ilistdir)

        @staticmethod
        def stat(path):
            raise OSError(5)

        remove = stat

    filled()
    logged = []
    erase.os = Os
    try:
        erase.finish(ROOT + "/data", lambda *event: logged.append(event))
    finally:
        erase.os = os
    assert [event[:2] for event in logged] == [(1, "not erased")] * len(GOES)
