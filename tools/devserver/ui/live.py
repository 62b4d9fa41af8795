"""The whole terminal: rich above, a prompt of prompt_toolkit below."""

from prompt_toolkit.application import Application
from prompt_toolkit.filters import has_completions
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import Float, FloatContainer, HSplit, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.widgets import TextArea

from . import completion

REFRESH_S = 0.5
MENU_ROWS = 8


def application(console) -> Application:
    """The screen and the prompt of a Console."""

    def accept(buffer) -> bool:
        console.obey(buffer.text)
        return False  # the prompt is empty again

    def view() -> ANSI:
        size = made.output.get_size()
        return ANSI(console.board.draw(size.columns, size.rows - 1))

    field = TextArea(
        height=1,
        prompt="> ",
        multiline=False,
        accept_handler=accept,
        completer=completion.Words(console.board),
        complete_while_typing=False,
        history=completion.history(),
    )
    body = HSplit([Window(FormattedTextControl(view)), field])
    menu = Float(CompletionsMenu(MENU_ROWS), xcursor=True, ycursor=True)
    made = Application(
        Layout(FloatContainer(body, [menu]), focused_element=field),
        key_bindings=_keys(console),
        full_screen=True,
        refresh_interval=REFRESH_S,
    )
    return made


def _keys(console) -> KeyBindings:
    keys = KeyBindings()
    for name in ("c-c", "c-d"):
        keys.add(name)(lambda event: console.end())
    keys.add("pageup", filter=~has_completions)(lambda event: console.board.scroll(True))
    keys.add("pagedown", filter=~has_completions)(lambda event: console.board.scroll(False))
    return keys


def run_live(console) -> None:
    """Show it until the console ends."""
    made = application(console)

    def changed() -> None:
        if console.ended.is_set() and made.is_running and not made.is_done:
            made.loop.call_soon_threadsafe(leave)
        made.invalidate()

    def leave() -> None:
        if made.is_running and not made.is_done:
            made.exit()

    console.changed = changed
    try:
        made.run(pre_run=changed)
    finally:
        console.changed = lambda: None
