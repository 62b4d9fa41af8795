"""A file system in memory whose power goes, in place of `open` and `os` in lib/nvstore."""

import errno


class PowerCut(BaseException):
    """The power went. No `Exception`: nothing in the device may catch it."""


class Files:
    """`fuse(what)` is asked before each change: None, or how the power goes.

    How: "stop", the change is not made; "tear", a part of it is; "after", all of it is.
    """

    def __init__(self, fuse, random):
        self.fuse = fuse
        self.random = random
        self.files = {}
        self.folders = {""}

    def open(self, path, mode):
        """As the built-in: "rb", "r+b" and "wb"."""
        if mode != "wb":
            if path not in self.files:
                raise OSError(errno.ENOENT, path)
        elif path.rpartition("/")[0] not in self.folders:
            raise OSError(errno.ENOENT, path)
        else:
            self._change(lambda: self.files.__setitem__(path, b""))
        return File(self, path)

    def mkdir(self, path):
        """As of `os`."""
        if path in self.folders:
            raise OSError(errno.EEXIST, path)
        self._change(lambda: self.folders.add(path))

    def remove(self, path):
        """As of `os`."""
        if path not in self.files:
            raise OSError(errno.ENOENT, path)
        self._change(lambda: self.files.pop(path))

    def write(self, path, data):
        """Write over what a file has from its start on."""
        old = self.files[path]
        how = self.fuse("write " + path)
        if how == "tear":
            data = data[: self.random.randrange(len(data) + 1)]
        if how != "stop":
            self.files[path] = data + old[len(data) :]
        if how:
            raise PowerCut

    def _change(self, change):
        how = self.fuse("change")
        if how == "after" or not how:
            change()
        if how:
            raise PowerCut


class File:
    """An open file: read from its start, or written once."""

    def __init__(self, files, path):
        self.files = files
        self.path = path
        self.at = 0

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        return False

    def read(self, size):
        """As of a file."""
        self.at += size
        return self.files.files[self.path][self.at - size : self.at]

    def write(self, data):
        """Write all of it."""
        self.files.write(self.path, bytes(data))
