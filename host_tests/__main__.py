"""`make test`: the quick tier, in two processes side by side, and what measures time after them.

Tests against real peers wait most of their time; nothing of theirs is in the way of the others.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
WAITING = ("interop",)
ALONE = ("bench",)


def folders(*left_out: str) -> list:
    """The folders with tests, but some."""
    found = [path.parent.relative_to(HERE).parts for path in HERE.rglob("test_*.py")]
    names = sorted({parts[0] for parts in found if parts} - set(left_out))
    return [str(HERE / name) for name in names]


def command(arguments: list, paths: list) -> list:
    """What runs pytest on these folders."""
    return [sys.executable, "-m", "pytest", "-m", "not slow", *arguments, *paths]


def main(arguments: list) -> int:
    """Run all; 0 if everything passed. `arguments` are pytest's."""
    waiting = [str(HERE / name) for name in WAITING]
    with tempfile.TemporaryFile() as output:
        beside = subprocess.Popen(
            command(arguments, waiting), stdout=output, stderr=subprocess.STDOUT
        )
        try:
            codes = [subprocess.call(command(arguments, folders(*WAITING, *ALONE)))]
            codes.append(beside.wait())
        finally:
            beside.kill()
        output.seek(0)
        print("%s:" % ", ".join(WAITING), flush=True)
        sys.stdout.buffer.write(output.read())
        sys.stdout.flush()
    codes.append(subprocess.call(command(arguments, [str(HERE / name) for name in ALONE])))
    return max(map(abs, codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
