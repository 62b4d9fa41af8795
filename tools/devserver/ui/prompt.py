"""Commands as a person types them: `read /3/0/0`, `write /1/0/1 60`, `observe /3424/0/1`."""

import json
import textwrap

from .. import commands, values
from ..errors import CommandError

HELP_WIDTH = 76  # of 80 columns, in a frame
# Name: operation, what follows it, what it does.
WORDS = {
    "list": ("list", "", "the registered clients"),
    "use": ("use", "ENDPOINT", "the client that commands are for"),
    "read": ("read", "PATH", "Read"),
    "write": ("write", "PATH VALUE", "Write: replace"),
    "update": ("write", "PATH VALUE", "Write: update instances or resources"),
    "exec": ("execute", "PATH [ARGUMENTS]", "Execute"),
    "observe": ("observe", "PATH", "Observe"),
    "cancel": ("cancel", "PATH [passive]", "end an observation; passive: by Reset"),
    "discover": ("discover", "PATH", "Discover"),
    "attr": ("write-attributes", "PATH pmin=1&pmax=60", "Write-Attributes"),
    "create": ("create", "PATH {JSON}", "Create an instance"),
    "delete": ("delete", "PATH", "Delete an instance"),
    "readc": ("read-composite", "PATH PATH...", "Read-Composite"),
    "observec": ("observe-composite", "PATH PATH...", "Observe-Composite"),
    "cancelc": ("cancel", "PATH PATH... [passive]", "end an Observe-Composite"),
    "writec": ("write-composite", '{"PATH": VALUE}', "Write-Composite"),
    "psk": ("psk", "ENDPOINT IDENTITY HEXKEY", "a key for coaps"),
    "history": ("history", "[ENDPOINT] PATH", "every value so far, as JSON"),
    "plot": ("plot", "[ENDPOINT] PATH", "a plot of every value; Enter closes it"),
    "csv": ("csv", "[ENDPOINT] PATH FILE [!]", "every value into a file; ! replaces one"),
    "help": ("help", "", "this list"),
    "quit": ("quit", "", "end, as Ctrl-C and Ctrl-D do"),
    "exit": ("quit", "", "the same"),
}
# The key that takes the rest of the line after the path.
RESTS = {
    "write": "value",
    "create": "value",
    "execute": "arguments",
    "write-attributes": "attributes",
}
OPTIONAL = ("execute", "create")
REPORTS = ("history", "plot", "csv")


def help_lines() -> list[str]:
    """What can be typed."""
    lines = ["%-9s%-26s%s" % (name, takes, does) for name, (_, takes, does) in WORDS.items()]
    return [
        *lines,
        "at the end of a line, `as FORMAT` asks for a format:",
        *textwrap.wrap(", ".join(values.FORMATS), HELP_WIDTH, break_on_hyphens=False),
        "Tab completes, the arrows bring earlier lines, PgUp and PgDn scroll",
    ]


def loose(text: str) -> object:
    """A typed value: JSON if it is JSON, otherwise the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def split_format(text: str, operation: str) -> tuple[str, dict]:
    """The line without its ` as FORMAT`, and that format; a text may have an `as` of its own."""
    body, word, name = text.rpartition(" as ")
    name = name.strip()
    in_text = operation in RESTS and isinstance(loose(body.partition(" ")[2]), str)
    if not word or " " in name or (in_text and name not in values.FORMATS):
        return text, {}
    values.format_number(name)
    return body.strip(), {"format": name}


def parse(line: str, endpoint: str | None) -> dict:
    """The command of a typed line for `endpoint`; use, help and quit are the prompt's own."""
    name, _, rest = line.strip().partition(" ")
    if name not in WORDS:
        raise CommandError("%r is no command: help lists them" % name)
    operation, takes, _ = WORDS[name]
    if operation in REPORTS:
        return commands.check(report_command(name, operation, takes, rest, endpoint))
    rest, form = split_format(rest.strip(), operation)
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


def report_command(name: str, operation: str, takes: str, rest: str, chosen: str | None) -> dict:
    """history, plot or csv; clients that are gone have a history too."""
    first, _, more = rest.strip().partition(" ")
    endpoint = chosen
    if not first.startswith("/"):
        endpoint, (first, _, more) = first, more.strip().partition(" ")
    if endpoint is None:
        raise CommandError("%s needs a client and none is registered: name an ENDPOINT" % name)
    file, more = (more.strip(), "") if operation == "csv" else ("", more.strip())
    if not first or more or (operation == "csv" and file in ("", "!")):
        raise CommandError("%s takes %s" % (name, takes))
    command = {"op": operation, "endpoint": endpoint, "path": first}
    if operation != "csv":
        return command
    if file.endswith(" !"):
        return {**command, "file": file[:-2].strip(), "force": True}
    return {**command, "file": file}


def cancelled(name: str, takes: str, rest: str) -> dict:
    """cancel of one path, cancelc of a list of them."""
    paths = rest.split()
    passive = {"passive": True} if paths and paths[-1] == "passive" else {}
    if passive:
        paths.pop()
    if not paths or (name == "cancel" and len(paths) > 1):
        raise CommandError("%s takes %s" % (name, takes))
    return {**passive, **({"path": paths[0]} if name == "cancel" else {"paths": paths})}


def arguments(name: str, operation: str, takes: str, rest: str) -> dict:
    """What follows the name of a command for a client."""
    if operation == "write-composite":
        return {"values": loose(rest)}
    if operation == "cancel":
        return cancelled(name, takes, rest)
    if operation.endswith("-composite"):
        if not rest:
            raise CommandError("%s takes %s" % (name, takes))
        return {"paths": rest.split()}
    path, _, more = rest.partition(" ")
    more = more.strip()
    surplus = bool(more) and operation not in RESTS
    if not path or surplus:
        raise CommandError("%s takes %s" % (name, takes))
    command = {"path": path, **({"mode": "update"} if name == "update" else {})}
    if operation not in RESTS or (not more and operation in OPTIONAL):
        return command
    if not more:
        raise CommandError("%s takes %s" % (name, takes))
    command[RESTS[operation]] = loose(more) if RESTS[operation] == "value" else more
    return command
