"""The real meter with an account at SECOND_SERVER, too. For MicroPython.

As boards/UNIX/main.py, with the same arguments. The configuration takes one server; a program that
uses the client's API may have several.
"""

import os
import sys

from firmware import app
from firmware.config import servers

import main


def build(config, *arguments):
    """The meter of the firmware, at two servers."""
    second = {"uri": os.getenv("SECOND_SERVER"), "short_server_id": 2, "lifetime": 120}
    config["servers"] += servers.check([second])
    return _build(config, *arguments)


_build = app.build
app.build = build
sys.exit(main.main(sys.argv[1:]))
