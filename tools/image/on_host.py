"""What a firmware's check of a configuration needs of MicroPython, for CPython: no more.

Run by tools/image/configuration.py as a process of its own, for its modules have the names that
they have on the device: `python on_host.py FILE VERSION [FOLDER=MODULE ...]`. It prints the error
of the configuration, if there is one. VERSION is the firmware's; a MODULE in FOLDER is a vendor's.
"""

import importlib
import importlib.abc
import importlib.util
import sys
import types
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
# MicroPython's `tls` has DTLS from 1.25 on, and pre-shared keys from 1.29 on.
_DTLS, _PSK = (1, 25), (1, 29)
_SUITES = ("CCM-8", "CCM", "GCM-SHA256", "CBC-SHA256")


class _Context:
    """Stands for SSLContext; which suites a build has is known on the device only."""

    def __init__(self, protocol: int):
        self.protocol = protocol

    def get_ciphers(self) -> list[str]:
        """Return every suite that dtls_native knows."""
        return ["TLS-PSK-WITH-AES-128-" + name for name in _SUITES]


def _module(name: str, **names: object) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(names)
    sys.modules[name] = module
    return module


def fake(version: tuple[int, ...]) -> None:
    """Have the modules of MicroPython that a check imports; `version` is the firmware's."""
    _module("micropython", const=lambda value: value)
    for name in ("asyncio.core", "cryptolib", "machine", "network"):
        _module(name)
    context = type("SSLContext", (_Context,), {"psk_key": None} if version >= _PSK else {})
    _module("tls", SSLContext=context, CERT_NONE=0)
    if version >= _DTLS:
        sys.modules["tls"].PROTOCOL_DTLS_CLIENT = 2  # type: ignore[attr-defined]


class _Vendors(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules that a vendor gives; one that CPython cannot import checks nothing."""

    def __init__(self, paths: dict[str, Path]):
        self.paths = paths

    def find_spec(self, name, path=None, target=None):
        """Return where a given module is."""
        if name not in self.paths:
            return None
        return importlib.util.spec_from_file_location(name, self.paths[name], loader=self)

    def create_module(self, spec):
        """Leave it to the import system."""
        return None

    def exec_module(self, module):
        """Run it as far as it goes: a `machine` in it may end that."""
        try:
            source = self.paths[module.__name__].read_text()
            exec(compile(source, module.__name__, "exec"), vars(module))
        except Exception:  # noqa: BLE001 it is made for the device, where it is imported again
            names = {"Kind": types.SimpleNamespace(secure=True), "check": lambda config: None}
            vars(module).update(names)


def main(path: str, version: str, *vendors: str) -> int:
    """Check a file; the exit code is 2 where it is wrong."""
    fake(tuple(int(part) for part in version.split(".")))
    given = dict(word.partition("=")[::2] for word in vendors)
    sys.meta_path.insert(0, _Vendors({name: Path(where) for name, where in given.items()}))
    sys.path[:1] = [str(_ROOT / "lib"), str(_ROOT)]
    settings = importlib.import_module("firmware.config.settings")
    checks = importlib.import_module("firmware.config.checks")
    try:
        settings.load(path)
    except checks.ConfigError as error:
        print(error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
