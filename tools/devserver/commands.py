"""The shape of a command, checked in one place for JSON lines, prompt and demo."""

from . import values
from .errors import CommandError

NEEDS = {
    "list": (),
    "stop": (),
    "read": ("endpoint", "path"),
    "write": ("endpoint", "path", "value"),
    "execute": ("endpoint", "path"),
    "observe": ("endpoint", "path"),
    "cancel": ("endpoint",),
    "discover": ("endpoint", "path"),
    "write-attributes": ("endpoint", "path", "attributes"),
    "create": ("endpoint", "path"),
    "delete": ("endpoint", "path"),
    "read-composite": ("endpoint", "paths"),
    "observe-composite": ("endpoint", "paths"),
    "write-composite": ("endpoint", "values"),
    "psk": ("endpoint", "identity", "key"),
    "history": ("endpoint", "path"),
    "plot": ("endpoint", "path"),
    "csv": ("endpoint", "path", "file"),
}
SIZES = ("width", "height")
FLAGS = ("force", "passive", "raw")
TEXTS = (
    "endpoint",
    "path",
    "format",
    "arguments",
    "attributes",
    "identity",
    "mode",
    "type",
    "file",
)


def check(command: object) -> dict:
    """`command` when its shape is right; its meaning is checked by the engine."""
    if not isinstance(command, dict):
        raise CommandError('a command is an object such as {"id": 1, "op": "list"}')
    operation = command.get("op")
    if not isinstance(operation, str) or operation not in NEEDS:
        raise CommandError("op %r is none of %s" % (operation, ", ".join(NEEDS)))
    for name in NEEDS[operation]:
        if name not in command:
            raise CommandError("%s needs %r" % (operation, name))
    for name in TEXTS:
        if not isinstance(command.get(name, ""), str):
            raise CommandError("%s must be a string, not %r" % (name, command[name]))
    check_paths(command)
    check_choices(command)
    return command


def check_paths(command: dict) -> None:
    """Every path must be one; cancel takes `path` or `paths`."""
    if command["op"] == "cancel" and "path" not in command and "paths" not in command:
        raise CommandError("cancel needs 'path' or 'paths'")
    paths = command.get("paths", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise CommandError("paths must be a list of strings, not %r" % (paths,))
    written = command.get("values", {})
    if not isinstance(written, dict):
        raise CommandError('values must be an object such as {"/1/0/1": 60}, not %r' % (written,))
    for path in ([command["path"]] if "path" in command else []) + paths + list(written):
        values.parse_path(path)


def check_choices(command: dict) -> None:
    """Format, mode and time-out must be known ones."""
    if "format" in command:
        values.format_number(command["format"])
    if command.get("mode", "replace") not in ("replace", "update"):
        raise CommandError("mode %r is neither replace nor update" % command["mode"])
    for name in FLAGS:
        if not isinstance(command.get(name, False), bool):
            raise CommandError("%s must be true or false, not %r" % (name, command[name]))
    for name in SIZES:
        if name in command and command[name] not in range(1, 1001):
            raise CommandError("%s %r is no number from 1 to 1000" % (name, command[name]))
    timeout = command.get("timeout", 1)
    if (
        isinstance(timeout, bool)
        or not isinstance(timeout, (int, float))
        or not 0 < timeout <= 300
    ):
        raise CommandError("timeout %r is no number of seconds from 0 to 300" % (timeout,))
