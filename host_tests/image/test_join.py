"""tools.image.join on small trees: the same behaviour from one .mpy, and what it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tools.image import join, profile
from tools.image.compiler import ROOT
from tools.image.failure import ImageError

PORT = Path(sys.executable).parent / "micropython"

LOW = """
from micropython import const
_CODE = const(1)
PUBLIC = const(7)
_table = {_CODE: "low"}
def encode(value):
    return _name(value) + "!"
def _name(value):
    return _table[value]
class Base:
    kind = "base"
    def __init__(self, first, second=2):
        self._first = first
        self.second = second
    def fields(self):
        return self._tell()
    def _tell(self):
        return self._first + self.second
"""
HIGH = """
from micropython import const
from . import low
from .low import Base, encode as low_encode
_CODE = const(300)
_table = ()
def encode(len):
    return low_encode(1) + low.encode(1) + str(_name(len)) + str(low.PUBLIC)
def _name(value):
    return _CODE + value + len(_table)
class _Own(Base):
    def _tell(self):
        def deeper(value, *rest):
            return [value + one for one in rest]
        return sum(deeper(self._first, 1, 2))
def late(two):
    if two:
        from .spare import encode
    else:
        from .low import encode
    return encode(1)
def made():
    return _Own(first=10)
"""
SPARE = """
from . import high, low
def encode(value):
    return low.encode(value) + high.Base.kind
"""
APP = """
from pack import high
from pack.high import encode, late, made
from pack.low import Base
from pack.spare import encode as spare
def fields():
    return [encode(3), late(True), late(False), made().fields(), spare(1), high.PLAIN,
            Base(second=5, first=1).fields(), high.encode(4)]
"""
TREE = {
    "lib/pack/low.py": LOW,
    "lib/pack/high.py": HIGH + "PLAIN = 'plain'\n",
    "lib/pack/spare.py": SPARE,
    "boards/X/app.py": APP,
}
LINES = "lib/pack\nboards/X/app.py\n"
JOIN = "join one: pack.high pack.low\n"


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def entries(folder: Path, lines: str) -> list[profile.Entry]:
    (folder / "profile.txt").write_text(lines)
    return profile.read(folder / "profile.txt", folder)


def joined(folder: Path, files: dict[str, str], lines: str) -> join.Joined:
    return join.join(entries(tree(folder, files), lines))


def two(folder: Path, first: str, second: str = "X = 1\n") -> join.Joined:
    """Join two modules."""
    files = {"lib/pack/a.py": first, "lib/pack/b.py": second}
    return joined(folder, files, "lib/pack\njoin one: pack.a pack.b\n")


def on_port(folder: Path, lines: str, program: str) -> str:
    """Run a program on the Unix port with the files of an image, and return what it prints."""
    place = folder / "device"
    for path, content in profile.build_files(entries(folder, lines)).items():
        (place / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (place / path[1:]).write_bytes(content)
    environment = dict(os.environ, MICROPYPATH="%s:%s/lib:.frozen" % (place, place))
    command = [PORT, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "groups",
    [
        JOIN,
        JOIN + "join two: pack.spare\n",
        JOIN + "positional one\n",
        "join one: pack.high pack.low pack.spare\n",
        "join one: pack.low\njoin two: pack.high pack.spare\n",
    ],
)
def test_joined_modules_behave_as_separate_ones(tmp_path, groups):
    program = "import app; print(app.fields())"
    tree(tmp_path, TREE)
    separate = on_port(tmp_path, LINES, program)
    assert separate.startswith("['low!low!3037', 'low!base', 'low!', 23, 'low!base', 'plain', 6,")
    assert on_port(tmp_path, LINES + groups, program) == separate


def test_a_stub_serves_what_comes_later_and_is_not_loaded_before(tmp_path):
    tree(tmp_path, TREE)
    program = """
import app, sys
app.fields()
print([name for name in sorted(sys.modules) if "pack" in name or name == "one"])
from pack.low import Base
class Vendor(Base):
    def fields(self):
        return super().fields(), self.kind, isinstance(app.made(), Base)
print(Vendor(1, second=3).fields())
print(__import__("pack.high", None, None, ("encode",)).encode(1))
"""
    loaded, fields, encoded = on_port(tmp_path, LINES + JOIN, program).splitlines()
    assert loaded == "['one', 'pack', 'pack.spare']"
    assert fields == "(4, 'base', True)"
    assert encoded == "low!low!3017"


def test_public_names_that_clash_get_names_of_their_own(tmp_path):
    done = joined(tmp_path, TREE, LINES + JOIN)
    assert done.members["one"] == ["pack.low", "pack.high"]
    assert done.clashes == [("pack.high.encode", "encode_high")]
    assert "encode_high as encode" in done.stubs["pack.high"]
    assert "encode_high as" not in done.stubs["pack.low"]
    assert "encode_high" in done.texts["app"]


def test_nothing_private_is_left_and_what_it_was_is_shown(tmp_path):
    done = joined(tmp_path, TREE, LINES + JOIN)
    for private in ("_table", "_name", "_first", "_tell", "_Own"):
        assert private not in done.texts["one"]
        assert any(private in old for old in done.names.values())
    assert "import pack" not in done.texts["one"]
    assert "from micropython" not in done.texts["one"]


def test_constants_of_one_name_keep_their_values_and_cost_no_name(tmp_path):
    files = profile.build_files(entries(tree(tmp_path, TREE), LINES + JOIN))
    assert b"_CODE" not in files["/lib/one.mpy"]
    assert b"PUBLIC" in files["/lib/one.mpy"]


def test_foreign_private_names_are_left(tmp_path):
    source = "from asyncio import core as _core\nclass A:\n    def run(self):\n"
    source += "        self._own = _core._io_queue\n        return self._own\n"
    done = two(tmp_path, source)
    assert "._io_queue" in done.texts["one"]
    assert "_own" not in done.texts["one"]


def test_what_unrelated_classes_have_shares_a_name_and_a_subclass_does_not(tmp_path):
    first = "class A:\n    def __init__(self):\n        self._a = 1\n"
    second = "from .a import A\nclass B(A):\n    def __init__(self):\n        self._b = 1\n"
    second += "class C:\n    def __init__(self):\n        self._c = 1\n"
    names = two(tmp_path, first, second).names
    assert names[".OSError"] in ("._a or ._c", "._b or ._c")
    assert names[".ValueError"] in ("._a", "._b")


def test_keywords_of_calls_stay(tmp_path):
    done = two(tmp_path, "def _f(given, other):\n    return given\nX = _f(given=1, other=2)\n")
    assert "(given, other)" in done.texts["one"]
    done = two(tmp_path, "def _f(given, other):\n    return given\nX = _f(1, 2)\n")
    assert "given" not in done.texts["one"]


def test_positional_keeps_what_has_a_default(tmp_path):
    files = {"lib/pack/a.py": "def public(given, other=1):\n    return given\n"}
    lines = "lib/pack\njoin one: pack.a\n"
    assert "(given, other=1)" in joined(tmp_path, files, lines).texts["one"]
    text = joined(tmp_path, files, lines + "positional one\n").texts["one"]
    assert "given" not in text
    assert "other=1" in text


def test_an_argument_before_a_local_function_never_takes_its_name(tmp_path):
    # `log` is the commonest name, and stays, for a call passes it by keyword
    source = "def _make(level, write):\n    def log(text):\n        write((level, text))\n"
    source += "    return log\n"
    source += "def g(x, write):\n    log = _make(1, write)\n    log(x.log)\n"
    source += "    return dict(log=1), _make(1, write), [%s]\n" % ", ".join(["x.log"] * 5)
    unit = {}
    exec(two(tmp_path, source).texts["one"], unit)

    class X:
        log = "said"

    written = []
    unit["g"](X, written.append)
    assert written == [(1, "said")]


def test_an_argument_never_hides_a_function_that_is_used_through_its_module(tmp_path):
    # `registration` is the commonest name, which an argument would be given
    link = "def registration(x):\n    return x\n"
    source = "from . import b\ndef _f(one):\n    return b.registration(one)\n"
    source += "def g(x):\n    return [%s, _f(x), _f(x)]\n" % ", ".join(["x.registration"] * 5)
    text = two(tmp_path, source, link).texts["one"]
    unit = {}
    exec(text, unit)

    class X:
        registration = 1

    assert len(unit["g"](X)) == 7


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("print(globals())\n", "a.py, line 1: globals finds names by their text"),
        ("class A:\n    def f(self):\n        return self._b\n", "line 3: _b is set nowhere"),
        ("from . import b\nY = [b]\n", "line 2: the module pack.b as a value"),
        ("from . import b\nY = b.Y\n", "line 2: pack.b has no Y"),
        ("from .b import Z\n", "a.py imports Z, which pack.b has not"),
        ("from .b import *\n", "line 1: import \\*: import its names"),
        ("import pack.b\n", "line 1: import pack.b: import its names"),
        ("class A:\n    _b = 1\nhasattr(A, '_b')\n", "line 3: '_b' is the text of a private"),
        ("import x\nclass A:\n    _b = 1\nx._b\n", "line 4: _b is private to a foreign module"),
        ("class A:\n    pass\nA.__qualname__\n", "line 3: classes of an image have no __qual"),
        ("def __getattr__(name):\n    return name\n", "has __getattr__"),
        ("def (", "a.py does not compile: SyntaxError"),
    ],
)
def test_what_cannot_be_joined_is_refused_with_place_and_remedy(tmp_path, source, said):
    with pytest.raises(ImageError, match=said) as raised:
        two(tmp_path, source)
    assert "\n" not in str(raised.value)


def test_an_import_circle_is_refused(tmp_path):
    with pytest.raises(ImageError, match="join one: pack.a is in an import circle"):
        two(tmp_path, "from .b import Y\nX = Y\n", "from .a import X\nY = X\n")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("join one: pack.a pack.gone", "join one: no module pack.gone here"),
        ("join one: pack.a\njoin two: pack.a", "pack.a comes twice"),
        ("join pack: pack.a", "join pack: a module has this name"),
        ("join one pack.a", "line 2: give `join NAME: module module`"),
        ("join a.b: pack.a", "line 2: give `join NAME: module module`"),
        ("join one: pack.a\npositional two", "positional two: there is no such join"),
        ("join one: pack", "pack is a package and cannot be joined: leave it out"),
    ],
)
def test_a_profile_that_joins_wrongly_is_refused(tmp_path, lines, said):
    with pytest.raises(ImageError, match=said):
        joined(tmp_path, {"lib/pack/__init__.py": "", "lib/pack/a.py": ""}, "lib/pack\n" + lines)


def test_the_command_writes_what_the_names_stand_for(tmp_path):
    tree(tmp_path, TREE)
    (tmp_path / "p.txt").write_text(
        "lib/lwm2m/formats\nlib/lwm2m/model.py\nlib/lwm2m/errors.py\nlib/coap/message.py\n"
    )
    with (tmp_path / "p.txt").open("a") as file:
        file.write("join core: coap.message lwm2m.model\n")
    names, out = tmp_path / "names.json", tmp_path / "x.uf2"
    command = [sys.executable, "-m", "tools.image", "--profile", str(tmp_path / "p.txt")]
    command += ["--names", str(names), "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert any(old.startswith("coap.message._") for old in json.loads(names.read_text()).values())
