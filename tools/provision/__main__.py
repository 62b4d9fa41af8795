"""`python -m tools.provision ACTION`: a meter's configuration made, checked and written."""

import argparse
import sys
from pathlib import Path

from . import checker, schema
from .failure import ProvisionError


def _schema(options: argparse.Namespace) -> None:
    schema.write(checker.sections(), options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.provision", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    made = actions.add_parser("schema", help="write the JSON schema of the configuration")
    made.add_argument("--out", type=Path, default=schema.FILE)
    made.set_defaults(run=_schema)
    return parser


def run(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status, after one line on an error."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ProvisionError, OSError) as error:
        print("%s: %s" % (options.action, error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("%s: stopped: start it again, it goes on" % options.action, file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(run())
