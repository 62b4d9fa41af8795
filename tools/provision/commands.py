"""The actions of the command line."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tools.boards.board import ROOT
from tools.flash import ports
from tools.flash.repl import Repl

from . import checker, door, keys, onto, schema, selftest, table
from .batch import Batch
from .device import Device, base_of, document, findings, known_key, text
from .failure import ProvisionError
from .files import name_of, write_private

FOLDER = ROOT / "build" / "provision"


def say(line: str) -> None:
    """Print what is done: one line, at once."""
    print("provision:", line, file=sys.stderr, flush=True)


@contextmanager
def bar(what: str, total: int) -> Iterator:
    """Show a progress bar on a terminal; what it yields is called for each that is done."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, total=total)
        yield lambda: shown.advance(task)


def device(options: argparse.Namespace) -> int:
    """Make one device; write its file, and its board or image where that is asked for."""
    file = options.out or FOLDER / (name_of(options.endpoint) + ".json")
    server = options.bootstrap or options.server
    one = Device(options.endpoint, server, options.identity or options.endpoint)
    one.bootstrap = bool(options.bootstrap)
    _key(one, file, options)
    found = findings(one, options.nosec)
    if found:
        raise table.Findings(found)
    data = text(document(base_of(options.config), one))
    trial = file.with_name(file.name + ".new")
    write_private(trial, data)
    try:
        _refuse(trial, file)
        if file.exists() and file.read_bytes() != data:
            say("%s changes" % file)
        trial.replace(file)
    finally:
        trial.unlink(missing_ok=True)
    say("%s: checked, %s (it has the key)" % (one.endpoint, file))
    if options.image:
        _image(options, file, False)
    for port in _ports(options.port):
        _one_board(port, data, options.replace)
    if options.push:
        say("devserver: %d key known there" % door.push([one]))
    if options.show_key:
        print(one.key)
    return 0


def _key(one: Device, file: Path, options: argparse.Namespace) -> None:
    """Give a device its key: of the environment, the one that it has, or a new one."""
    if not one.secure:
        return
    one.key = os.environ.get("PSK_KEY", "").lower()
    if not one.key and not options.new_key:
        one.key = known_key(file, one.endpoint)
    one.key = one.key or keys.made()


def _refuse(trial: Path, file: Path) -> None:
    refusal = checker.refusals([trial])[0]
    if refusal:
        raise ProvisionError(refusal.replace(str(trial), str(file)))


def _image(options: argparse.Namespace, config: Path, blank: bool) -> None:
    """Build an image with the configuration; where it is `blank`, with what that needs only."""
    from tools.image import build

    settings = json.loads(config.read_text())
    profile = options.profile or settings.get("profile", "water")
    made = build.build(build.Request(options.board, profile, config, blank=blank))
    write_private(options.image, made.data)
    key = "no key" if blank else "the key"
    say("%s: %s (it has %s)" % (options.image, made.summary, key))


def _one_board(port: str, data: bytes, replace: bool) -> None:
    with Repl(port) as repl:
        chip = repl.identity()[0]
        done = onto.write(repl, data, replace)
        if done.new:
            onto.restart(repl)
    if not done.new:
        say("%s: board %s has it already, compared" % (port, chip))
        return
    checked = ", taken by its firmware" if done.checked else ""
    say("%s: board %s: written, read back%s" % (port, chip, checked))


def _ports(given: Iterable[str]) -> list[str]:
    """Return the ports that are meant; `auto` is each at USB where a board may be."""
    found = []
    for name in given:
        found += [info.device for info in ports.connected()] if name == "auto" else [name]
    if list(given) and not found:
        raise ProvisionError("no board at USB: plug one in, or give PORT=/dev/ttyACM0")
    return [ports.find(name) for name in found]


def batch(options: argparse.Namespace) -> int:
    """Make what a table asks for; write the boards that are there."""
    known = json.loads(schema.text(checker.sections()))
    server = options.bootstrap or options.server
    devices = table.read(options.table, known, server, options.nosec)
    for one in devices:
        one.bootstrap = bool(options.bootstrap)
    folder = options.out or FOLDER / options.table.stem
    work = Batch(devices, folder, base_of(options.config))
    with bar("configurations", len(devices)) as progress:
        changed = work.make(progress)
    say("%d devices, %d of them new or changed, in %s" % (len(devices), changed, folder))
    written = work.files_for_servers(options.type)
    say("for servers, with keys: %s" % ", ".join(path.name for path in written))
    if options.image:
        _image(options, work.file_of(devices[0]), True)
    if options.push:
        say("devserver: %d keys known there" % door.push(devices))
    failed = work.all_onto(_ports(options.port), options.replace, say)
    left = len(work.left)
    say("%d of %d boards done%s" % (len(devices) - left, len(devices), _next(left)))
    return 1 if failed else 0


def self_test(options: argparse.Namespace) -> int:
    """Print a line for each board, or for UNIX; 1 where one fails."""
    found = [selftest.on_board(port) for port in _ports(options.port)] or [selftest.on_unix()]
    for result in found:
        print(json.dumps(result))
    return 0 if all(result["ok"] for result in found) else 1


def _next(left: int) -> str:
    return ": plug in the next one and start again with PORT=" if left else ""
