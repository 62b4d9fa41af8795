"""The command line: python -m tools.objgen import|check|table|module."""

import argparse
import pathlib
import sys

from . import ddf, emit, registry
from .facts import Object, ObjgenError


def files(names: list[str]) -> list[pathlib.Path]:
    """The files named, and the XML files of the directories named."""
    found = []
    for path in map(pathlib.Path, names):
        paths = sorted(path.glob("*.xml")) if path.is_dir() else [path]
        if not paths:
            raise ObjgenError("%s: no .xml file in it" % path)
        found += paths
    return found


def read_file(path: pathlib.Path) -> ddf.Report:
    """What an XML file holds."""
    try:
        return ddf.read(path.read_bytes(), str(path))
    except OSError as error:
        raise ObjgenError("%s: %s" % (path, error.strerror)) from error


def read_all(names: list[str]) -> tuple[list[Object], bool]:
    """The Objects of files, and whether there was a mistake; every line of them goes to stderr."""
    reports = [read_file(path) for path in files(names)]
    for each in reports:
        for text in each.mistakes + ["remark: " + remark for remark in each.remarks]:
            print(text, file=sys.stderr)
    objects = [thing for each in reports for thing in each.objects]
    return objects, any(each.mistakes for each in reports)


def unique(objects: list[Object]) -> dict[tuple, Object]:
    """Objects by ID and version; ObjgenError for two of the same."""
    found = {}
    for each in objects:
        if each.order() in found:
            raise ObjgenError("/%d %s: in two files; leave one out" % (each.id, each.version))
        found[each.order()] = each
    return found


def run_import(options: argparse.Namespace) -> int:
    """XML files into the registry; nothing is written where one has a mistake."""
    objects, wrong = read_all(options.names)
    if wrong:
        return 1
    known = {each.order(): each for each in registry.load(options.into)} if options.add else {}
    merged = list({**known, **unique(objects)}.values())
    text = registry.dumps(merged)
    options.into.write_text(text, "utf-8")
    registry.load.cache_clear()
    count = sum(len(each.resources) for each in merged)
    facts = (options.into, len(merged), count, len(text.encode()))
    print("%s: %d Objects, %d Resources, %d bytes" % facts)
    return 0


def run_check(options: argparse.Namespace) -> int:
    """The mistakes and remarks of XML files."""
    objects, wrong = read_all(options.names)
    for each in objects:
        print("/%d %s %s: %d Resources" % (each.id, each.name, each.version, len(each.resources)))
    return int(wrong)


def chosen(what: str) -> Object:
    """The Object of an XML file, or of the registry by its ID."""
    if what.isdigit():
        return registry.find(int(what))
    objects, wrong = read_all([what])
    if wrong or len(objects) != 1:
        raise ObjgenError("%s: %d Objects without mistakes; 1 is needed" % (what, len(objects)))
    return objects[0]


def run_table(options: argparse.Namespace) -> int:
    """A table on stdout."""
    print(emit.table(chosen(options.what), options.ranges), end="")
    return 0


def run_module(options: argparse.Namespace) -> int:
    """A module on stdout."""
    print(emit.module(chosen(options.what), options.name, options.ranges), end="")
    return 0


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(prog="python -m tools.objgen", description=__doc__)
    commands = made.add_subparsers(required=True, metavar="import|check|table|module")
    importing = commands.add_parser("import", help="OMA XML files into the registry")
    importing.add_argument("names", nargs="+", metavar="DIR|FILE")
    importing.add_argument("--into", type=pathlib.Path, default=registry.FILE, metavar="FILE")
    importing.add_argument("--add", action="store_true", help="keep what it holds already")
    importing.set_defaults(run=run_import)
    checking = commands.add_parser("check", help="what is wrong in OMA XML files")
    checking.add_argument("names", nargs="+", metavar="DIR|FILE")
    checking.set_defaults(run=run_check)
    add_output(commands, "table", run_table, False, "the packed table of an Object")
    making = add_output(commands, "module", run_module, True, "a module with an Object")
    making.add_argument("--name", default="", help="of the class")
    return made


def add_output(
    commands: object, name: str, run: object, ranges: bool, text: str
) -> argparse.ArgumentParser:
    """A command that prints an Object."""
    made = commands.add_parser(name, help=text)
    made.add_argument("what", metavar="ID|FILE", help="an ID of the registry, or an XML file")
    made.add_argument("--ranges", action=argparse.BooleanOptionalAction, default=ranges)
    made.set_defaults(run=run)
    return made


def main(arguments: list[str] | None = None) -> int:
    """The exit status; 1 for a mistake, which is one line."""
    options = parser().parse_args(arguments)
    try:
        return options.run(options)
    except ObjgenError as error:
        print("objgen: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
