"""tools.lint.types: a wrong annotation is reported, and what MicroPython does is not."""

import pytest
from tools.lint import types


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "def size(data: bytes) -> str:\n    return len(data)\n",
            'got "int", expected "str"',
        ),
        (
            "def size(data: bytes) -> int:\n    return len(data)\n\n\nN: int = size(5)\n",
            'incompatible type "int"; expected "bytes"',
        ),
        ("def f(x: int = ()) -> int:\n    return x\n", "Incompatible default"),
        ("import time\n\n\ndef f() -> str:\n    return time.ticks_ms()\n", 'expected "str"'),
        ("from coap.b import f\n\n\ndef g() -> None:\n    f('text')\n", 'expected "int"'),
    ],
)
def test_a_wrong_annotation_is_reported(tree, text, finding):
    root = tree({"lib/coap/a.py": text, "lib/coap/b.py": "def f(x: int) -> int:\n    return x\n"})
    (line,) = types.check(root)
    assert line.startswith("lib/coap/a.py:")
    assert finding in line


def test_what_the_stubs_know_and_attributes_that_start_as_none_are_no_findings(tree):
    text = (
        "import time\n"
        "from micropython import const\n"
        "\n"
        "_LIMIT = const(5)\n"
        "\n"
        "\n"
        "class A:\n"
        "    def __init__(self, size: int):\n"
        "        self.later = None\n"
        "        self.items = []\n"
        "\n"
        "    def run(self) -> int:\n"
        "        self.later = 'text'\n"
        "        return time.ticks_diff(time.ticks_ms(), 0) + _LIMIT\n"
    )
    assert types.check(tree({"lib/coap/a.py": text})) == []
