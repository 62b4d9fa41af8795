"""`python -m tools.devserver --demo` with the scripted meter in place of the real one."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tools.devserver import __main__ as entry  # noqa: E402
from tools.devserver import demo  # noqa: E402

FAKE = str(pathlib.Path(__file__).parent / "fake_meter.py")
MORE = [word for word in ("--no-observe", "--fail") if word in sys.argv]


def fake_command(uri: str, endpoint: str, option: str) -> list[str]:
    """The scripted meter's command."""
    return [sys.executable, FAKE, option, uri, "--endpoint", endpoint, *MORE]


if __name__ == "__main__":
    sys.argv = [word for word in sys.argv if word not in MORE]
    demo.meter_command = fake_command
    sys.exit(entry.main())
