"""`python -m tools.flash flash|deploy|console`: a board written, renewed, or its log shown."""

import argparse
import sys

from . import boards, console, deploy, images, keep, ports
from .failure import FlashError
from .progress import say


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.flash", description=__doc__)
    parser.add_argument("action", choices=("flash", "deploy", "console"))
    parser.add_argument("--board", default="", help="a folder of boards/")
    parser.add_argument(
        "--port", default="", help="/dev/ttyACM0 (default: the only one that fits)"
    )
    parser.add_argument("--profile", default="", help="what the meter is, see firmware/profiles")
    parser.add_argument("--config", default="", help="the meter's configuration, JSON")
    parser.add_argument("--firmware", default="", help="MicroPython (default: stock, downloaded)")
    parser.add_argument("--image", default="", help="an image that is built already")
    parser.add_argument(
        "--erase", action="store_true", help="keep nothing: neither configuration nor counters"
    )
    parser.add_argument("--keep", default="", choices=keep.CHOICES, help="see docs/flashing.md")
    return parser.parse_args(arguments)


def _flash(board: boards.Board, port: str, wanted: images.Wanted) -> str:
    if board.port == "esp32":
        from . import esp32

        return esp32.flash(board, ports.find(port, "esp32"), wanted)
    from . import rp2

    return rp2.flash(board, port, wanted)


def run(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status, after one line on an error."""
    options = _arguments(arguments)
    wanted = images.Wanted(
        *(options.profile, options.config, options.firmware, options.image),
        *(options.erase, options.keep),
    )
    try:
        if options.action == "console":
            console.console(options.port)
            return 0
        board = boards.load(options.board)
        action = deploy.deploy if options.action == "deploy" else _flash
        say(action(board, options.port, wanted))
    except FlashError as error:
        print("%s: %s" % (options.action, error), file=sys.stderr)
        return 1
    except OSError as error:  # of this host: a full disk, a folder that is not its user's
        print("%s: %s" % (options.action, error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if options.action == "console":
            print()
            return 0
        print("%s: stopped by Ctrl-C: start it again" % options.action, file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(run())
