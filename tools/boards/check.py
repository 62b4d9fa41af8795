"""Holds every board to the interface: board.json, board.py, the page.

One line per finding: where, what, and what it must be.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

from .board import Board, BoardError, Region, load
from .power import CLASSES

# What board.py must define: names, and the arguments of each; board.json's facts below.
FUNCTIONS = {
    "network": ("settings", "log"),
    "watchdog": (),
    "pulses": ("settings",),
    "sleep": ("ms",),
    "reset": (),
    "reset_cause": (),
    "unique_id": (),
    "battery": (),
    "storage": (),
    "memory": (),
}

_TEXT, _LIST = (str,), (list,)
FIELDS = {
    "name": _TEXT,
    "title": _TEXT,
    "mcu": _TEXT,
    "port": ("rp2", "esp32", "unix"),
    "firmware": (str, type(None)),
    "status": ("hardware", "emulator", "not yet run"),
    "network": _LIST,
    "power_class": CLASSES,
    "power_why": _TEXT,
    "sleep": {
        "kind": ("none", "light", "deep"),
        "longest_s": (int, type(None)),
        "microamperes": (int, type(None)),
        "keeps": _TEXT,
        "wakes": _LIST,
    },
    "watchdog": {"longest_ms": (int, type(None)), "stops": (bool,)},
    "pulses": {
        "awake": ("PIO", "PCNT", "interrupt", "simulated"),
        "asleep": (str, type(None)),
    },
    "battery": (str, type(None)),
    "pins": (dict,),
    "flash": (dict,),
    "limits": _LIST,
}
_REGIONS = ("firmware", "files", "slot_a", "slot_b", "config", "data")
_PAGE = ("## Wire it", "## Flash it", "## What you see")
_ALIGNMENT = 4096
_APPLICATION = 0x10000  # where an application partition of an ESP32 may begin


def check(root: Path) -> list[str]:
    """Return the findings of all boards below `root`."""
    folders = sorted(path for path in (root / "boards").glob("*") if any(path.glob("*.*")))
    return [line for folder in folders for line in check_board(folder.name, root)]


def check_board(name: str, root: Path) -> list[str]:
    """Return the findings of one board."""
    if (root / "boards" / name).is_dir() and not (root / "boards" / name / "board.json").is_file():
        return ["boards/%s/board.json: is not there: copy it from another board" % name]
    try:
        board = load(name, root)
    except BoardError as error:
        return [str(error)]
    place = "boards/%s/" % name
    findings = ["board.json: " + line for line in (*facts(board), *flash(board))]
    findings += ["board.py: " + line for line in interface(board, root)]
    findings += ["README.md: " + line for line in page(board)]
    return [place + line for line in findings]


def facts(board: Board) -> Iterable[str]:
    """Yield what is wrong with the fields of board.json, flash apart."""
    if board.facts.get("name") != board.folder.name:
        yield "name: must be %s, as its folder" % board.folder.name
    yield from _fields("", board.facts, FIELDS)
    if board.facts.get("power_class") == "battery" and not _sleeps_deeply(board):
        yield "power_class: battery needs a sleep of kind deep: must be mains or gated"


def _sleeps_deeply(board: Board) -> bool:
    sleep = board.facts.get("sleep")
    return isinstance(sleep, dict) and sleep.get("kind") == "deep"


def _fields(place: str, value: dict, known: dict) -> Iterable[str]:
    for key in value.keys() - known.keys():
        yield "%s%s: no such field; there are %s" % (place, key, ", ".join(known))
    for key, kinds in known.items():
        if key not in value:
            yield "%s%s: must be given" % (place, key)
        elif isinstance(kinds, dict):
            if isinstance(value[key], dict):
                yield from _fields(key + ".", value[key], kinds)
            else:
                yield "%s%s: must be an object in braces" % (place, key)
        else:
            yield from _value(place + key, value[key], kinds)


def _value(place: str, value: object, kinds: tuple) -> Iterable[str]:
    texts = [kind for kind in kinds if isinstance(kind, str)]
    if texts:
        if value not in texts:
            yield "%s: %r: must be one of %s" % (place, value, ", ".join(texts))
    elif type(value) not in kinds:
        names = ["null" if kind is type(None) else kind.__name__ for kind in kinds]
        yield "%s: %r: must be of type %s" % (place, value, " or ".join(names))


def flash(board: Board) -> Iterable[str]:
    """Yield regions that are missing, overlap, are outside of the flash or not aligned."""
    regions = board.regions
    if not regions and board.port == "unix":
        return
    for name in _REGIONS:
        if name not in regions:
            yield "flash: no region %s: must be one of %s" % (name, ", ".join(_REGIONS))
    for region in regions.values():
        if region.inside and region.inside not in regions:
            yield "flash: %s: in %s, which is no region" % (region.name, region.inside)
        elif region.path and not region.inside:
            yield "flash: %s: a path needs `in`, the region of the file system" % region.name
        elif region.length is not None:
            yield from _placed(region, board)
    placed = [one for one in regions.values() if one.length is not None]
    for parent in ("", *regions):
        yield from _overlaps([one for one in placed if one.inside == parent])


def _placed(region: Region, board: Board) -> Iterable[str]:
    end = board.flash_size
    start = 0
    if region.inside:
        start, end = board.regions[region.inside].offset, board.regions[region.inside].end
    if region.length <= 0 or region.offset < start or region.end > end:
        yield "flash: %s: 0x%X to 0x%X: must lie in 0x%X to 0x%X, %s" % (
            *(region.name, region.offset, region.end, start, end),
            region.inside or "the flash",
        )
    for value in (region.offset, region.length):
        if value % _ALIGNMENT:
            yield "flash: %s: 0x%X: must be a multiple of %d" % (region.name, value, _ALIGNMENT)
    application = board.port == "esp32" and region.name.startswith("firmware")
    if application and region.offset % _APPLICATION:
        yield "flash: %s: 0x%X: must be a multiple of 0x%X" % (
            *(region.name, region.offset, _APPLICATION),
        )


def _overlaps(regions: list[Region]) -> Iterable[str]:
    regions = sorted(regions, key=lambda one: one.offset)
    for before, after in zip(regions, regions[1:]):
        if after.offset < before.end:
            yield "flash: %s overlaps %s: 0x%X is before 0x%X" % (
                *(after.name, before.name, after.offset, before.end),
            )


def interface(board: Board, root: Path) -> Iterable[str]:
    """Yield the functions that board.py lacks or that have other arguments."""
    path = board.folder / "board.py"
    if not path.is_file():
        yield "is not there: copy it from another board"
        return
    try:
        tree = ast.parse(path.read_text(), str(path))
    except SyntaxError as error:
        yield "line %s: %s" % (error.lineno, error.msg)
        return
    there = _functions(tree, root)
    functions = dict(FUNCTIONS)
    if board.facts.get("battery") is None:
        del functions["battery"]
        if _value_of(tree, "battery") is None:
            yield "no battery = None, as board.json has null"
    for name, arguments in functions.items():
        if name not in there:
            yield "no %s(%s): must be defined, or imported from lib/chip" % (
                *(name, ", ".join(arguments)),
            )
        elif there[name] != arguments:
            yield "%s(%s): must be %s(%s)" % (
                *(name, ", ".join(there[name]), name, ", ".join(arguments)),
            )
    yield from _pins(board, tree)
    power = _constant(tree, "POWER_CLASS")
    if power != board.facts.get("power_class"):
        yield "POWER_CLASS: %r: must be %r, as in board.json" % (
            *(power, board.facts.get("power_class")),
        )


def _functions(tree: ast.Module, root: Path) -> dict[str, tuple[str, ...]]:
    """Return the functions of a module with their arguments, those that it imports of lib/."""
    there = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            there[node.name] = tuple(one.arg for one in node.args.args)
        elif isinstance(node, ast.ImportFrom) and node.module:
            source = root / "lib" / (node.module.replace(".", "/") + ".py")
            if source.is_file():
                other = _functions(ast.parse(source.read_text(), str(source)), root)
                names = {alias.asname or alias.name: alias.name for alias in node.names}
                there |= {new: other[old] for new, old in names.items() if old in other}
    return there


def _pins(board: Board, tree: ast.Module) -> Iterable[str]:
    """Yield the pins whose numbers in PINS are not those of board.json ("GP20", "GPIO4")."""
    pins = _value_of(tree, "PINS")
    if not isinstance(pins, ast.Dict):
        yield 'no PINS: must be GPIO numbers by function, {"pulses": 20}'
        return
    for key, value in zip(pins.keys, pins.values, strict=True):
        if isinstance(value, ast.Name):
            value = _value_of(tree, value.id)
        if isinstance(value, ast.Call) and value.args:  # const(20)
            value = value.args[0]
        name, number = getattr(key, "value", None), getattr(value, "value", None)
        said = str(board.facts.get("pins", {}).get(name, "none"))
        if said.lstrip("GPIO") != str(number):
            yield "PINS: %s: %s: board.json has %s" % (name, number, said)


def _value_of(tree: ast.Module, name: str) -> ast.expr | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if [getattr(one, "id", "") for one in targets] == [name]:
            return node.value
    return None


def _constant(tree: ast.Module, name: str) -> object:
    value = _value_of(tree, name)
    return value.value if isinstance(value, ast.Constant) else None


def page(board: Board) -> Iterable[str]:
    """Yield what the board's page lacks."""
    path = board.folder / "README.md"
    if not path.is_file():
        yield "is not there: say how to wire and flash the board, and what its console shows"
        return
    text = path.read_text()
    for heading in _PAGE if board.port != "unix" else _PAGE[2:]:
        if heading not in text.splitlines():
            yield "no heading `%s`" % heading
    if board.facts.get("status") == "not yet run" and "not yet run" not in text:
        yield "must say `not yet run`, as board.json does"
