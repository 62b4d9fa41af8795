"""`python -m tools.devserver --demo` with a key that the test knows, and so can look for."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tools.devserver import __main__ as entry  # noqa: E402
from tools.devserver import demo  # noqa: E402

KEY = "5ec2e75ec2e75ec2e75ec2e75ec2e75e"

if __name__ == "__main__":
    demo.secrets.token_hex = lambda length: KEY
    sys.exit(entry.main())
