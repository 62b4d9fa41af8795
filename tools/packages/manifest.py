"""Which files a manifest.py freezes: include, package, module and options, as in MicroPython.

MicroPython's own evaluator comes with its sources only. This one is for checks, and knows what the
manifests here use; anything else is an error, as is a file that is not there.
"""

import os
from pathlib import Path


class ManifestError(Exception):
    """What a manifest does that cannot be followed."""


class _Options:
    """The keyword arguments of the include, with the manifest's defaults."""

    def __init__(self, options: dict):
        self._options = options
        self._defaults = {}

    def defaults(self, **defaults: object) -> None:
        """Set what an option is where the include has none."""
        self._defaults = defaults

    def __getattr__(self, name: str) -> object:
        return self._options.get(name, self._defaults.get(name))


class Manifest:
    """The files of a manifest and of those that it includes: {path on the device: file}."""

    def __init__(self):
        self.files: dict[str, Path] = {}
        self._included = set()

    def include(self, path: str | Path, **options: object) -> None:
        """Run a manifest, once; a relative path is from the manifest that includes it."""
        path = Path(path).resolve()
        path = path / "manifest.py" if path.is_dir() else path
        if path in self._included:
            return
        self._included.add(path)
        names = {"include": self.include, "package": self.package, "module": self.module}
        before = Path.cwd()
        os.chdir(path.parent)
        try:
            exec(path.read_text(), {**names, "options": _Options(options)})
        except NameError as error:
            raise ManifestError("%s: %s" % (path, error)) from error
        finally:
            os.chdir(before)

    def package(self, name: str, files: tuple | None = None, base_path: str = ".", **_) -> None:
        """Freeze the files of a package, all of them where none are named."""
        base = Path(base_path).resolve()
        if files is None:
            files = [str(path.relative_to(base / name)) for path in (base / name).rglob("*.py")]
        for file in files:
            self._add("%s/%s" % (name, file), base / name / file)

    def module(self, file: str, base_path: str = ".", **_) -> None:
        """Freeze one module."""
        self._add(file, Path(base_path).resolve() / file)

    def _add(self, device: str, path: Path) -> None:
        if not path.is_file():
            raise ManifestError("%s is not there" % path)
        if device in self.files:
            raise ManifestError("%s comes twice" % device)
        self.files[device] = path


def frozen(path: Path, **options: object) -> dict[str, Path]:
    """Return what a manifest freezes: {path on the device: file}."""
    manifest = Manifest()
    manifest.include(path, **options)
    return manifest.files
