"""tools.lint.imports: circles and layers."""

import pytest
from tools.lint import imports
from tools.lint.sources import read


def test_a_circle_is_reported_as_the_way_round_it(tree):
    root = tree(
        {
            "lib/coap/a.py": "from .b import x\n",
            "lib/coap/b.py": "def late():\n    from coap import c\n",
            "lib/coap/c.py": "import coap.a\n",
            "lib/coap/d.py": "from .a import x\n",
        }
    )
    assert imports.check(root) == ["circle: coap.a -> coap.b -> coap.c -> coap.a"]


def test_the_shortest_circle_of_a_group_stands_for_it(tree):
    root = tree(
        {
            "lib/coap/a.py": "from . import b, c\n",
            "lib/coap/b.py": "from . import a\n",
            "lib/coap/c.py": "from . import b\n",
        }
    )
    expected = "circle: coap.a -> coap.b -> coap.a (of 3 modules: coap.a, coap.b, coap.c)"
    assert imports.check(root) == [expected]


def test_a_package_counts_where_its_own_names_are_imported(tree):
    files = {"tools/x/__init__.py": "from . import part\n", "tools/x/other.py": ""}
    assert imports.check(tree({**files, "tools/x/part.py": "from . import other\n"})) == []
    root = tree({"tools/x/part.py": "from . import something\n"})
    assert imports.check(root) == ["circle: tools.x -> tools.x.part -> tools.x"]


def test_an_import_by_text_counts(tree):
    root = tree(
        {
            "lib/lwm2m/a.py": "def f(n):\n    return __import__('lwm2m.formats.' + n)\n",
            "lib/lwm2m/formats/text.py": "import lwm2m.a\n",
        }
    )
    assert imports.circles(imports.build(read(root, "lib"))) == [
        "circle: lwm2m.a -> lwm2m.formats.text -> lwm2m.a"
    ]


def test_a_board_imports_what_is_beside_it(tree):
    root = tree(
        {
            "boards/A/main.py": "import board\nfrom firmware import app\n",
            "boards/A/board.py": "",
            "boards/B/board.py": "import main\n",
            "firmware/app.py": "",
        }
    )
    assert imports.check(root) == []


@pytest.mark.parametrize(
    ("path", "text", "finding"),
    [
        ("lib/coap/a.py", "import lwm2m.model", "coap.a may not import lwm2m.model"),
        ("lib/drivers/a.py", "from lwm2m import model", "drivers.a may not import lwm2m.model"),
        ("lib/lwm2m/a.py", "import firmware.app", "lwm2m.a may not import firmware.app"),
        ("lib/dtls/a.py", "import coap.peer", "dtls.a may not import coap.peer"),
        ("tools/a.py", "import lwm2m.model", "tools.a may not import lwm2m.model"),
    ],
)
def test_an_import_upwards_is_reported_with_its_place(tree, path, text, finding):
    empty = ("lib/lwm2m/model.py", "lib/coap/peer.py", "firmware/app.py")
    root = tree({**dict.fromkeys(empty, ""), path: text + "\n"})
    assert imports.check(root) == ["layer: %s:1: %s" % (path, finding)]


def test_a_layer_below_may_be_imported(tree):
    empty = ("lib/lwm2m/formats/text.py", "lib/coap/peer.py", "lib/coap/udp.py")
    files = {
        "lib/lwm2m/a.py": "import coap.peer\nimport lwm2m.formats.text\n",
        "lib/modem/a.py": "import coap.udp\n",
    }
    assert imports.check(tree({**dict.fromkeys(empty, ""), **files})) == []


def test_a_package_without_a_row_is_reported(tree):
    finding = "layer: brand_new.a is in no row of tools/lint/layers.py"
    assert imports.check(tree({"lib/brand_new/a.py": ""})) == [finding]
