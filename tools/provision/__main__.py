"""`python -m tools.provision ACTION`: a meter's configuration made, checked and written.

A key comes from the environment (PSK_KEY), from a table, or from the system's generator.
"""

import argparse
import sys
from pathlib import Path

from tools.flash.failure import FlashError
from tools.image.failure import ImageError

from . import checker, commands, schema
from .failure import ProvisionError


def _flag(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    parser.add_argument(name, action="store_true", help=text)


def _common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--server", default="", help="coaps://host:port, where the devices register")
    add(
        "--bootstrap",
        default="",
        help="instead: the URI of a bootstrap server, which has accounts",
    )
    add("--config", type=Path, help="the configuration that they have in common, JSON")
    add("--port", action="append", default=[], help="of a board: write it (auto: those at USB)")
    add(
        "--image",
        type=Path,
        help="build an image into this file: with the configuration; of a batch without",
    )
    add("--board", default="METER_PPP", help="of the image")
    add("--profile", default="", help="of the image")
    _flag(parser, "--replace", "a board that is another device already becomes this one")
    _flag(parser, "--nosec", "coap:// may be, for a bench")
    _flag(parser, "--push", "tell the running devserver the keys")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.provision", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    one = actions.add_parser("device", help="one device")
    one.add_argument("--endpoint", required=True)
    one.add_argument("--identity", default="", help="of its key (default: the endpoint)")
    one.add_argument("--out", type=Path, help="where its configuration goes (build/provision/)")
    _common(one)
    _flag(one, "--new-key", "make another key than the one that its file has")
    _flag(one, "--show-key", "print the key")
    one.set_defaults(run=commands.device)
    many = actions.add_parser("batch", help="the devices of a table")
    many.add_argument("table", type=Path, help="CSV, see docs/provisioning.md")
    many.add_argument(
        "--out", type=Path, help="folder (default: build/provision/NAME of the table)"
    )
    many.add_argument("--type", default="water-meter", help="device profile at ThingsBoard")
    _common(many)
    many.set_defaults(run=commands.batch)
    tested = actions.add_parser("selftest", help="a board's self-test, one line of JSON")
    tested.add_argument(
        "--port", action="append", default=[], help="none: UNIX; auto: those at USB"
    )
    tested.set_defaults(run=commands.self_test)
    made = actions.add_parser("schema", help="write the JSON schema of the configuration")
    made.add_argument("--out", type=Path, default=schema.FILE)
    made.set_defaults(run=lambda options: schema.write(checker.sections(), options.out))
    return parser


def run(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status, after its errors in lines."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (ProvisionError, FlashError, ImageError, OSError) as error:
        for line in str(error).splitlines():
            print("%s: %s" % (options.action, line), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("%s: stopped: start it again, it goes on" % options.action, file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())
