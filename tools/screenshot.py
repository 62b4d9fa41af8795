"""docs/screen.svg anew: `make run` in a terminal of tmux, its screen drawn by rich.

build/venv/bin/python -m tools.screenshot docs/screen.svg

Needs tmux. What is typed at the prompt, and how long it waits, is in TYPED.
"""

import io
import pathlib
import re
import subprocess
import sys
import time

from rich.console import Console
from rich.text import Text

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 96, 24
SOCKET = "screenshot"  # a tmux server of its own
START = 15  # seconds until the meter is registered, on a slow machine
TYPED = (
    ("read /3/0/1", 2),
    ("observe /3424/0/4", 2),
    ("read /4/0/4", 6),
)  # line, seconds after it

# rich's template without its title bar and its fonts from another host
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {terminal_width} {terminal_height}"
 xmlns="http://www.w3.org/2000/svg" font-size="{char_height}px" font-family="monospace">
<title>make run</title>
<style>.{unique_id}-matrix {{ line-height: {line_height}px; white-space: pre }}
{styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}"
 height="{terminal_height}"/></clipPath>{lines}</defs>
<rect width="100%" height="100%" rx="6" fill="#292929"/>
<g clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""


def tmux(*arguments: str) -> str:
    """What tmux prints."""
    command = ["tmux", "-L", SOCKET, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def captured() -> str:
    """The screen of `make run`, with ANSI colours."""
    size = ("-x", str(WIDTH), "-y", str(HEIGHT))
    tmux("new-session", "-d", *size, "-c", str(ROOT), "make run")
    try:
        tmux("set-option", "status", "off")
        tmux("resize-window", *size)
        time.sleep(START)
        for line, seconds in TYPED:
            tmux("send-keys", line, "Enter")
            time.sleep(seconds)
        screen = tmux("capture-pane", "-e", "-p")
        tmux("send-keys", "quit", "Enter")
        time.sleep(5)
        return screen
    finally:
        subprocess.run(["tmux", "-L", SOCKET, "kill-server"], capture_output=True)


def svg(screen: str) -> str:
    """The screen as a picture."""
    console = Console(width=WIDTH, record=True, force_terminal=True, file=io.StringIO())
    console.print(Text.from_ansi(screen.rstrip("\n")), no_wrap=True, overflow="crop")
    return console.export_svg(code_format=FORMAT, unique_id="screen", font_aspect_ratio=0.6)


def main(arguments: list) -> None:
    """Write the picture."""
    if len(arguments) != 1:
        sys.exit("screenshot: give one file, such as docs/screen.svg")
    picture = svg(captured())
    assert str(ROOT) not in picture
    text = re.sub(r"\n+", "\n", picture)
    pathlib.Path(arguments[0]).write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
