"""Single-line changes of lib/ that the tests must notice; see `__main__`."""

import sys
from pathlib import Path

SUPPORT = str(Path(__file__).parent.parent / "support")
if SUPPORT not in sys.path:  # pytest has it there already
    sys.path.insert(0, SUPPORT)
