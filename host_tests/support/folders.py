"""Folders of tests, on CPython and in MicroPython."""

import os


def emptied(path: str) -> str:
    """Make an empty folder, whatever there was."""
    _remove(path)
    _make(path)
    return path


def made(path: str, data: bytes = b"x") -> str:
    """Write a file, with the folders that it needs."""
    _make(path.rpartition("/")[0])
    with open(path, "wb") as file:
        file.write(data)
    return path


def _make(path):
    parts = path.split("/")
    for i in range(1, len(parts) + 1):
        folder = "/".join(parts[:i])
        try:
            os.mkdir(folder)
        except OSError:  # it is there
            if folder and not os.stat(folder)[0] & 0x4000:
                raise


def _remove(path):
    try:
        directory = os.stat(path)[0] & 0x4000
    except OSError:
        return
    if not directory:
        os.remove(path)
        return
    for name in os.listdir(path):
        _remove(path + "/" + name)
    os.rmdir(path)
