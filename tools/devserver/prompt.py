"""Commands as a person types them: `read /3/0/0`, `write /1/0/1 60`, `observe /3424/0/1`."""

import json

from . import commands, values
from .engine import CommandError

# Name: operation, what follows it, what it does.
WORDS = {
    "list": ("list", "", "who is registered"),
    "use": ("use", "ENDPOINT", "whom the next commands are for"),
    "read": ("read", "PATH", "Read"),
    "write": ("write", "PATH VALUE", "Write: replace"),
    "update": ("write", "PATH VALUE", "Write: update of an instance or a multiple resource"),
    "exec": ("execute", "PATH [ARGUMENTS]", "Execute"),
    "observe": ("observe", "PATH", "Observe"),
    "cancel": ("cancel", "PATH", "end an observation"),
    "discover": ("discover", "PATH", "Discover"),
    "attr": ("write-attributes", "PATH pmin=1&pmax=60", "Write-Attributes"),
    "create": ("create", "PATH {JSON}", "Create an instance"),
    "delete": ("delete", "PATH", "Delete an instance"),
    "readc": ("read-composite", "PATH PATH...", "Read-Composite"),
    "observec": ("observe-composite", "PATH PATH...", "Observe-Composite"),
    "writec": ("write-composite", '{"PATH": VALUE}', "Write-Composite"),
    "psk": ("psk", "ENDPOINT IDENTITY HEXKEY", "a key for coaps"),
    "help": ("help", "", "this list"),
    "quit": ("quit", "", "end, as Ctrl-C and Ctrl-D do"),
}
# The key that takes the rest of the line after the path.
RESTS = {
    "write": "value",
    "create": "value",
    "execute": "arguments",
    "write-attributes": "attributes",
}
OPTIONAL = ("execute", "create")


def help_lines() -> list[str]:
    """What can be typed."""
    listed = ["%-9s%-26s%s" % (name, takes, does) for name, (_, takes, does) in WORDS.items()]
    return [
        *listed,
        "at the end of a line, `as tlv` asks for a format: %s" % ", ".join(values.FORMATS),
    ]


def loose(text: str) -> object:
    """A typed value: JSON if it is JSON, otherwise the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def split_format(text: str) -> tuple[str, dict]:
    """The line without its ` as FORMAT`, and that format."""
    body, word, name = text.rpartition(" as ")
    if word and name.strip() in values.FORMATS:
        return body.strip(), {"format": name.strip()}
    return text, {}


def parse(line: str, endpoint: str | None) -> dict:
    """The command of a typed line for `endpoint`; use, help and quit are the prompt's own."""
    name, _, rest = line.strip().partition(" ")
    if name not in WORDS:
        raise CommandError("%r is no command: help lists them" % name)
    operation, takes, _ = WORDS[name]
    rest, form = split_format(rest.strip())
    if operation in ("help", "quit", "list"):
        return {"op": operation}
    if operation == "use":
        return {"op": "use", "endpoint": one_word(name, takes, rest)}
    if operation == "psk":
        return commands.check(key_command(takes, rest))
    if endpoint is None:
        raise CommandError("%s needs a client and none is registered" % name)
    command = {
        "op": operation,
        "endpoint": endpoint,
        **form,
        **arguments(name, operation, takes, rest),
    }
    return commands.check(command)


def one_word(name: str, takes: str, rest: str) -> str:
    """The only argument of a command."""
    if not rest or " " in rest:
        raise CommandError("%s takes %s" % (name, takes))
    return rest


def key_command(takes: str, rest: str) -> dict:
    """psk; the message of an error must not repeat the key."""
    words = rest.split()
    if len(words) != 3:
        raise CommandError("psk takes %s" % takes)
    return {"op": "psk", "endpoint": words[0], "identity": words[1], "key": {"hex": words[2]}}


def arguments(name: str, operation: str, takes: str, rest: str) -> dict:
    """What follows the name of a command for a client."""
    if operation == "write-composite":
        return {"values": loose(rest)}
    if operation.endswith("-composite"):
        if not rest:
            raise CommandError("%s takes %s" % (name, takes))
        return {"paths": rest.split()}
    path, _, more = rest.partition(" ")
    more = more.strip()
    surplus = bool(more) and operation not in RESTS
    if not path or surplus:
        raise CommandError("%s takes %s" % (name, takes))
    found = {"path": path, **({"mode": "update"} if name == "update" else {})}
    if operation not in RESTS or (not more and operation in OPTIONAL):
        return found
    if not more:
        raise CommandError("%s takes %s" % (name, takes))
    found[RESTS[operation]] = loose(more) if RESTS[operation] == "value" else more
    return found
