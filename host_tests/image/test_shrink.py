"""tools.image.shrink: a module means the same after it, on programs made at random too."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tools.image import profile
from tools.image.bytecode import Mpy
from tools.image.compiler import compile_module, compile_text
from tools.image.failure import ImageError
from tools.image.shrink import shrink

PORT = Path(sys.executable).parent / "micropython"


def compiled(text: str, by_keyword=(), once=()) -> tuple[bytes, bytes]:
    """Return a module as mpy-cross makes it, and shrunk."""
    data = compile_text(text.encode(), "m", "m")
    return data, shrink(data, by_keyword, once)


def printed(folder: Path, data: bytes) -> str:
    """Return what the Unix port prints when it imports a module."""
    folder.mkdir(exist_ok=True)
    (folder / "m.mpy").write_bytes(data)
    environment = dict(os.environ, MICROPYPATH=str(folder))
    command = [PORT, "-c", "import m"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def same(folder: Path, text: str, by_keyword=(), once=()) -> str:
    """Check that a program prints the same shrunk, in no more bytes; return what it prints."""
    before, after = compiled(text, by_keyword, once)
    assert len(after) <= len(before)
    said = printed(folder / "before", before)
    assert printed(folder / "after", after) == said
    return said


def test_every_module_is_taken_apart_and_put_together_again_in_no_more_bytes():
    for entry in profile.default():
        if entry.compiled:
            data = compile_module(entry.host, "m")
            again = Mpy(data).written()
            assert len(again) <= len(data)
            assert Mpy(again).written() == again


def test_what_is_no_bytecode_is_refused():
    with pytest.raises(ImageError, match="no .mpy of version 6"):
        Mpy(b"M\x05\x00\x1f")
    with pytest.raises(ImageError, match="no .mpy of version 6"):
        Mpy(b"M\x06\x0c\x1f")
    data = compile_text(b"x = 1", "m", "m")
    with pytest.raises(ImageError, match="longer than its code"):
        Mpy(data + b"\x00")


def test_arguments_that_may_be_passed_by_keyword_keep_their_names(tmp_path):
    text = "def f(first, second, third=3):\n    return [first, second, third]\n"
    text += "print(f(1, 2), f(1, third=4, second=5))\n"
    assert same(tmp_path, text, {"second", "third"}) == "[1, 2, 3] [1, 5, 4]\n"
    after = compiled(text, {"first"})[1]
    assert b"second" in after
    assert b"second" not in compiled("def f(first, second):\n    return first.x(2)\n")[1]


def test_an_argument_whose_name_each_micropython_has_keeps_it_too(tmp_path):
    text = "def f(a, start=0):\n return [[a, start], [a, start], a + start][2]\n"
    text += "print(f(1, start=5), f(2))"
    assert same(tmp_path, text, ("start",)) == "6 2\n"


def test_functions_with_keywords_of_any_name_keep_theirs(tmp_path):
    text = "def f(a, b=2, *rest, c=3, **more):\n    return a, b, rest, c, more\n"
    text += "def g(a, **more):\n    return a, more\nclass A:\n    pass\n"
    text += "print(f(1, 2, 5, c=4, d=5), f(b=1, a=2), g(a=1, b=2))\n"
    assert same(tmp_path, text) == "(1, 2, (5,), 4, {'d': 5}) (2, 1, (), 3, {}) (1, {'b': 2})\n"


def test_a_traceback_finds_its_way_through_a_function_without_names(tmp_path):
    text = "def f(a, b, c):\n    raise ValueError(a)\n"
    text += "def g(a, b, c, d, e, f_):\n    return a\n"
    text += "def h(a, b):\n    return f(a, b, 1)\nprint(g(1, 2, 3, 4, 5, 6))\nh(1, 2)\n"
    said = same(tmp_path, text)
    assert "in h\n" in said and "in f\nValueError: 1\n" in said


def test_a_class_knows_its_name_and_a_subclass_its_base(tmp_path):
    text = "class A:\n    x = 1\n    def f(self):\n        return self.x\n"
    text += "class B(A):\n    def f(self):\n        return super().f() + 1\n"
    text += "print(B().f(), B.__name__, type(A()).__name__)\n"
    assert same(tmp_path, text) == "2 B A\n"
    assert b"A" in compiled(text)[1]


def test_a_caught_exception_may_be_raised_again_and_its_name_used_again(tmp_path):
    text = """
def f(x):
    try:
        try:
            return 1 // x
        except ZeroDivisionError as e:
            if x == 0:
                raise ValueError(str(e))
        finally:
            print("finally", x)
    except ValueError as e:
        for e in range(3):
            try:
                if e == 2:
                    break
                [][e]
            except IndexError as other:
                print("index", type(other).__name__)
                continue
        return e
    return 5
print(f(1), f(0))
"""
    assert same(tmp_path, text).endswith(
        "(1, 2)\n".replace("(", "").replace(",", "").replace(")", "")
    )


def test_a_task_does_not_keep_an_exception():
    text = "def f(x):\n    while 1:\n        try:\n            yield x()\n"
    text += "        except OSError as e:\n            x(e)\n"
    deletes = [one.opcode == 0x28 for f in Mpy(compiled(text)[1]).code.tree() for one in f.code]
    assert any(deletes)
    text = text.replace("yield", "return")
    deletes = [one.opcode == 0x28 for f in Mpy(compiled(text)[1]).code.tree() for one in f.code]
    assert not any(deletes)


def test_a_long_text_that_is_a_name_is_stored_once_and_common_names_come_first():
    source = "".join("rare_%d = 1\n" % i for i in range(200))
    source += "def f(a):\n    return often(often) + often(often)\n" * 9
    source += "x = {'a_long_setting': 1}\nx.a_long_setting\n"
    before, after = compiled(source)
    assert before.count(b"a_long_setting") == 2
    assert after.count(b"a_long_setting") == 1
    names = Mpy(shrink(before, {"a"})).names
    assert names[0] == "m"
    assert "often" in names[:5]


class Program:
    """Functions made at random, of statements that a joined module has."""

    def __init__(self, seed: int):
        self.random, self.helper = random.Random(seed), ""

    def text(self, functions: int) -> str:
        lines = ["class Fault(Exception):", "    pass", "out = []", "def say(*what):"]
        lines += ["    out.append(what)", "    if len(out) > 150:", "        raise OSError(1)"]
        lines += ["    if len(out) % 11 == 5:", "        raise ValueError(len(out))"]
        lines += [
            "    if len(out) % 17 == 8:",
            "        raise Fault(what)",
            "    return len(out) % 3",
        ]
        for number in range(functions):
            yielding = self.random.random() < 0.2
            body = ["    c = d = e = 0", *self.block(1, False, 2)]
            if number % 2:
                lines += ["class Helper:", "    def h%d(self, a, b):" % number]
                lines += ["    " + line for line in body]
                lines.append("here%d = Helper()" % number)
                self.helper = "here%d.h%d" % (number, number)
            else:
                lines += ["def h%d(a, b):" % number, *body]
                self.helper = "h%d" % number
            lines.append("def f%d(a, b, c):" % number)
            lines.append("    d = e = 0")
            start = len(lines)
            if yielding:
                lines.append("    yield a")
            lines += self.block(1, False, 3)
            if self.helper:  # not called yet
                lines[start:start] = ["    d = %s(a, e)" % self.helper, "    say(d)"]
        lines += ["def run(f):", "    for a in range(4):", "        out.clear()", "        try:"]
        lines += ["            result = f(a, a & 1, 5)", "            if hasattr(result, 'send'):"]
        lines += ["                result = list(result)", "        except Exception as error:"]
        lines += ["            result = repr(error)", "        print(result, out)"]
        lines += ["run(f%d)" % number for number in range(functions)]
        return "\n".join(lines) + "\n"

    def value(self) -> str:
        pick = self.random.choice
        if self.helper and self.random.random() < 0.2:
            call, self.helper = self.helper, ""
            call += "(%s, %s)" % (self.value(), self.value())
            return pick(["%s", "%s", "1 + (%s or 0)", "say(a, %s, b)", "[1, %s]", "not %s"]) % call
        kinds = ["a", "b", "c", "d", "e", "1", "70", "say(a)", "say(%s, %s)", "(%s + 1)", "not %s"]
        kinds += ["(%s if %s else %s)", "(%s and %s)", "(%s or %s)", "[i for i in range(2)]"]
        kind = pick(kinds)
        return kind.replace("%s", "{}").format(*(pick("abcde") for _ in range(3)))

    def block(self, depth: int, in_loop: bool, size: int) -> list[str]:
        lines = []
        for _ in range(self.random.randint(1, size)):
            lines += self.statement(depth, in_loop)
        return lines

    def statement(self, depth: int, in_loop: bool) -> list[str]:
        pad, pick, value = "    " * depth, self.random.choice, self.value
        name = pick("abcde")
        simple = [pick(["%s = {}" % name, "{}", "say({})", "return {}"]).format(value())]
        simple += ["%s = say(d, e)" % name, "return", "raise Fault(%s)" % name]
        simple += ["say(1)\n%sreturn" % pad, "say(2)\n%sreturn b" % pad] * 2
        simple += ["break", "continue"] * in_loop
        if depth > 4 or self.random.random() < 0.45:
            return (pad + pick(simple[:1] * 3 + simple)).split("\n")
        kind = pick(["if", "if", "for", "while", "try", "try", "finally", "as", "as", "else"])
        inner = self.block(depth + 1, in_loop or kind in ("for", "while"), 3)
        other = self.block(depth + 1, in_loop, 2)
        if kind == "if":
            return [pad + "if %s:" % value(), *inner]
        if kind == "else":
            return [pad + "if %s:" % value(), *inner, pad + "else:", *other]
        if kind == "for":
            return [pad + "for %s in (a, b, 3):" % name, *inner]
        if kind == "while":
            return [pad + "while say(%s):" % name, *inner]
        if kind == "finally":
            return [pad + "try:", *inner, pad + "finally:", pad + "    say(%s)" % name]
        caught = "except %s as %s:" if kind == "as" else "except %s:  # %s"
        caught %= pick(["Fault", "ValueError", "(Fault, ValueError)"]), name
        return [pad + "try:", *inner, pad + caught, *other]


@pytest.mark.parametrize("seed", range(6))
def test_programs_made_at_random_do_the_same(tmp_path, seed):
    text = Program(seed).text(150)
    said = same(tmp_path, text, once=["h%d" % number for number in range(150)])
    assert said.count("\n") == 600, said[-300:]


def test_conditions_that_constants_decide_are_gone_and_a_name_without_value_is_still_asked(
    tmp_path,
):
    text = """
def yes(a):
    if a:
        return True
    return False
def f(a):
    if yes(a):
        return 1
    return 2
def g(a):
    try:
        a()
    except OSError as e:
        pass
    e
def h():
    raise OSError
print(f(0), f(3))
g(h)
"""
    said = same(tmp_path, text, once=["yes"])
    assert said.startswith("2 1\n") and "NameError" in said
    functions = list(Mpy(compiled(text, once=["yes"])[1]).code.tree())
    assert len(functions) == 4  # the module, f, g, h
    assert not {0x50, 0x52} & {one.opcode for one in functions[1].code}  # False, True
