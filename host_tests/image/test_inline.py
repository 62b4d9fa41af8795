"""tools.image: what is called once gives way where nothing can notice, and only there."""

import pytest
from test_join import entries, on_port, tree
from tools.image import join, profile, public

GIVES_WAY = {
    "a returned call": """
def _inner(a, b):
    if a > 5:
        return a
    c = a + b
    return c * 2
def outer(c):
    return _inner(c, 3)
def result():
    return [outer(c) for c in range(9)]
""",
    "one that returns nothing": """
def _inner(found, n):
    if n:
        found.append(n)
def outer(n):
    found = []
    for i in range(n):
        _inner(found, i)
    return found
def result():
    return outer(5)
""",
    "an assigned value": """
def _inner(a):
    b = a + 1
    a = b * 2
    return a + b
def outer(a):
    b = 7
    c = _inner(a)
    return a, b, c
def result():
    return outer(5)
""",
    "a return in the midst": """
def _inner(a, found):
    if a:
        return
    found.append(a)
def outer(a, found):
    _inner(a, found)
    found.append(9)
    return found
def result():
    return outer(1, []), outer(0, [])
""",
    "one value of several": """
def _inner(a):
    if a > 5:
        b = a - 5
        return b
    elif a > 2:
        return -a
    else:
        a = 9
    return a
def outer(a):
    a = _inner(a)
    return a, a
def result():
    return [outer(a) for a in range(10)]
""",
    "what a condition asks first": """
def _inner(a):
    b = a & 6
    return b == 4
def outer(a, b):
    if not _inner(a) and b:
        return b
    return a
def result():
    return [outer(a, 7) for a in range(10)]
""",
    "an error": """
def _inner(a):
    if not a:
        raise ValueError(a)
    return 6 // a
def outer(a):
    b = _inner(a)
    return b
def result():
    try:
        outer(0)
    except ValueError:
        return outer(2)
""",
    "what imports something": """
def _inner(a):
    from math import sqrt
    return int(sqrt(a))
def outer(a, sqrt=3):
    b = _inner(a)
    return b + sqrt
def result():
    return outer(16)
""",
    "a method": """
class A:
    def __init__(self):
        self.n = 0
    def _more(self, by):
        self.n += by
    def work(self, by):
        self._more(by)
        return self.n
def result():
    return A().work(4)
""",
    "a returned call without a value": """
def _inner(found):
    found.append(1)
def outer(found):
    return _inner(found)
def result():
    found = []
    return outer(found), found
""",
    "an error that it handles": """
def _inner(a):
    try:
        return 1 // a
    except ZeroDivisionError as error:
        return str(error)[:7]
def outer(error):
    return _inner(error)
def result():
    return outer(0), outer(1)
""",
    "a return in a loop": """
def _inner(found):
    for one in found:
        if one > 1:
            return one
    return 0
def outer(found):
    one = _inner(found)
    return one + 1
def result():
    return outer([1, 2, 3])
""",
    "a return in a try": """
def _inner(found):
    try:
        return found.pop()
    except IndexError:
        found.append(1)
    return 0
def outer(found):
    one = _inner(found)
    return one, found
def result():
    return outer([])
""",
    "a call after another": """
def _inner(found):
    found.append(1)
    return len(found)
def outer(found):
    return len(found) + _inner(found)
def result():
    return outer([])
""",
    "what is called by another object": """
class A:
    def _say(self):
        return 1
def outer(a):
    return a._say()
def result():
    return outer(A())
""",
    "what uses a name that its caller has for something else": """
def _inner(a):
    return min(a, 3)
def outer(min):
    return _inner(min)
def result():
    return outer(5)
""",
    "a generator's call": """
def _inner(a, b):
    for one in range(a):
        if one > b:
            return one, a
    return a
def outer(a):
    for one in range(a):
        yield _inner(one, one - 2)
        yield [_inner_again(one) for _ in range(1)]
def _inner_again(a):
    return a + 1
def result():
    return list(outer(5))
""",
    "a call in a call": """
def _inner(a, b):
    return _inner_again(b) - a
def _inner_again(a):
    a += 1
    return a
def outer(a):
    return max(a, _inner(a, a * 3), 2), a
def result():
    return outer(5), outer(0)
""",
    "a caller that handles an error": """
def _inner(a):
    for one in range(3):
        try:
            if one == a:
                return 6 // a
        except ZeroDivisionError:
            return -1
    raise ValueError(a)
def outer(a):
    try:
        return 1 + _inner(a)
    except ValueError:
        return 9
    finally:
        a = 0
def result():
    return [outer(a) for a in range(5)]
""",
    "what has functions in it": """
def _inner(a):
    return [one * 2 for one in range(a)]
def outer(a):
    b = [one for one in (a, 2)]
    return b + _inner(a) + [one for one in b]
def result():
    return outer(3)
""",
}
STAYS = {
    "two calls": """
def _inner(a):
    return a
def outer(a):
    b = _inner(a)
    return _inner(b)
def result():
    return outer(1)
""",
    "a method that a subclass has too": """
class A:
    def _say(self):
        return 1
    def work(self):
        return self._say()
class B(A):
    def _say(self):
        return 2
def result():
    return A().work(), B().work()
""",
    "a function that is a value": """
def _inner(a):
    return a
def result():
    return list(map(_inner, [1]))
""",
    "a generator": """
def _inner(a):
    yield a
def outer(a):
    return _inner(a)
def result():
    return list(outer(3))
""",
    "what keeps its names for later": """
def _inner(a):
    return lambda: a
def outer(a):
    return _inner(a)
def result():
    return outer(3)()
""",
    "what its module may be asked for by text": """
def _inner(a):
    return a
NAMES = ("_inner",)
def outer(a):
    return _inner(a)
def result():
    return outer(1)
""",
    "a return that something follows": """
def _inner(a, found):
    try:
        return a + 1
    finally:
        found.append(a)
def outer(a, found):
    return _inner(a, found) + 1
def result():
    found = []
    return outer(1, found), found
""",
    "a call by keyword": """
def _inner(a, b):
    return a - b
def outer(a):
    return _inner(b=a, a=1)
def result():
    return outer(1)
""",
    "what has a default": """
def _inner(a, b=2):
    return a - b
def outer(a):
    return _inner(a)
def result():
    return outer(1)
""",
    "what calls itself": """
def _inner(a):
    return _inner(a - 1) if a else 3
def result():
    return _inner.__class__ and 1
""",
}


def image(folder, text: str, other: str = "X = 1\n") -> list[profile.Entry]:
    """Return an image of two joined modules, in which nobody outside knows a name."""
    files = {
        "lib/pack/a.py": text,
        "lib/pack/b.py": other,
        "main.py": "from pack.a import result\n",
    }
    lines = "lib/pack\nmain.py\njoin one: pack.a pack.b\nclosed\n"
    return entries(tree(folder, files), lines)


def given_way(found: list[profile.Entry]) -> set[str]:
    """Return the names of what has given way."""
    once = profile.joined(found).once.values()
    return {one if isinstance(one, str) else one[2] for one in once}


def result(folder, text: str, joins: bool) -> str:
    files = {"lib/pack/a.py": text, "main.py": "from pack.a import result\n"}
    lines = "lib/pack\nmain.py\n" + "join one: pack.a\nclosed\n" * joins
    tree(folder, files)
    return on_port(folder, lines, "from pack.a import result; print(result())")


@pytest.mark.parametrize("case", GIVES_WAY)
def test_a_function_with_one_call_gives_way_and_does_the_same(tmp_path, case):
    text = GIVES_WAY[case]
    found = given_way(image(tmp_path / "image", text))
    wanted = {name for name in ("_inner", "_inner_again", "_more", "_say") if name + "(" in text}
    assert wanted and wanted <= found
    assert result(tmp_path / "b", text, True) == result(tmp_path / "a", text, False)


@pytest.mark.parametrize("case", STAYS)
def test_what_could_be_noticed_stays(tmp_path, case):
    text = STAYS[case]
    assert not {"_inner", "_say"} & given_way(image(tmp_path / "image", text))
    assert result(tmp_path / "b", text, True) == result(tmp_path / "a", text, False)


def test_what_another_module_calls_gives_way_unless_it_is_in_another_file(tmp_path):
    text = "from .b import helper\ndef result():\n    return helper(3)\n"
    other = "def helper(a):\n    return a * 2 + 1\n"
    found = image(tmp_path / "one", text, other)
    assert given_way(found) >= {"helper"}
    lines = "lib/pack\nmain.py\njoin one: pack.a\njoin two: pack.b\nclosed\n"
    assert not given_way(entries(tmp_path / "one", lines))


def test_what_is_documented_stays(tmp_path):
    text = "def known(a):\n    return a * 2 + 1\ndef _f(a):\n    return known(a)\nX = [_f]\n"
    found = image(tmp_path, text)
    found = [one for one in found if one.compiled]
    for names, once in (((), {"known"}), (("known",), set())):
        done = join.join(found, public.Outside(frozenset(names), False))
        assert {one[2] for one in done.once.values()} == once


def test_a_method_that_two_classes_have_stays(tmp_path):
    text = "class A:\n    def tell_it(self):\n        return 1\n"
    text += "class B:\n    def tell_it(self):\n        return 2\n"
    text += "def result():\n    return [x().tell_it() for x in (A, B)]\n"
    assert not given_way(image(tmp_path, text))
    text = text.replace("class B:", "class B(A):").replace(
        "    def tell_it(self):\n        return 2", "    pass"
    )
    assert given_way(image(tmp_path, text)) == {"tell_it"}
