"""A factory reset: what the application has stored is erased, but what the meter has measured.

What survives: identity, keys and server accounts, which are in /config; software; and in the data
folder the names of `SURVIVES`. A file `erasing` is there from the first to the last of it, so that
what a power cut interrupts is done at the next start.
"""

import os

SURVIVES = ("registers", "pulses")  # counts, as files or as records of an nvstore
_ERASING = "/erasing"


def begin(folder: str, log, state=None) -> None:
    """Erase what is in the folder, and what a `state.State` has in memory."""
    try:
        with open(folder + _ERASING, "w"):
            pass
    except OSError as error:  # full: erase all the same
        log(1, "not erased", folder + _ERASING, error.errno)
    if state:  # only now: what a power cut interrupts is done at the next start
        state.forget()
    finish(folder, log)


def finish(folder: str, log) -> None:
    """Erase; the file that says so goes last."""
    if _emptied(folder, log, _ERASING[1:]):
        _remove(folder + _ERASING, log)


def _emptied(folder, log, first):
    # Is there nothing left that had to go? `first` is the one that is there until the end
    done = True
    try:
        entries = list(os.ilistdir(folder))
    except OSError:
        return True
    for entry in entries:
        name = entry[0]
        path = folder + "/" + name
        if name in SURVIVES or name == first:
            continue
        if entry[1] & 0x4000:  # os.stat may fail, and so would each start
            done = _emptied(path, log, "") and done
        else:
            done = _remove(path, log) and done
    return done


def _remove(path, log):
    try:
        os.remove(path)
    except OSError as error:
        log(1, "not erased", path, error.errno)
        return False
    return True
