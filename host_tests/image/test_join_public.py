"""tools.image.join: which names stay, which become short, and what is refused."""

from pathlib import Path

import pytest
from test_join import entries, on_port, tree, two
from tools.image import join, profile, public
from tools.image.failure import ImageError

METER = """
class Meter:
    litres = 0
    def __init__(self, state):
        self.state_of_it = state
    def measure(self, amount, unit=1):
        self.total_of_it = amount * unit
        return self.total_of_it
    def commit(self):
        return self.measure(2)
def helper_of_it(meter, scale=1):
    return meter.measure(scale) + meter.commit()
"""


def open_image(folder: Path, documented: str, *texts: str, closed: bool = False) -> str:
    """Join modules where only these names are documented; the unit's text."""
    files = {"lib/pack/m%d.py" % i: text for i, text in enumerate(texts)}
    names = " ".join("pack.m%d" % i for i in range(len(texts)))
    found = entries(tree(folder, files), "lib/pack\njoin one: %s\n" % names)
    return join.join(found, public.Outside(frozenset(documented.split()), False)).texts["one"]


def test_a_documented_name_stays_and_another_is_shortened(tmp_path):
    text = open_image(tmp_path, "Meter litres measure amount", METER)
    assert "class Meter" in text and "litres = 0" in text
    assert "def measure(self, amount, " in text or "def measure(" in text and "amount" in text
    for name in ("state_of_it", "total_of_it", "helper_of_it", "scale"):
        assert name not in text
    assert "def measure" not in open_image(tmp_path, "", METER)


def test_what_the_firmware_s_objects_have_stays(tmp_path):
    assert "commit" in public.foreign()  # of ESP32's NVS
    assert "def commit(" in open_image(tmp_path, "", METER)
    assert {"append", "recv", "queue_read", "isconnected", "sleep_ms"} <= public.foreign()
    # what is the end of another name has no place of its own in a firmware: txdone, unregister
    assert {"done", "register", "coro", "data", "cancel", "wait", "ioctl"} <= public.foreign()


def test_a_name_that_getattr_may_find_by_text_stays(tmp_path):
    text = open_image(tmp_path, "", METER, "def f(x):\n    return getattr(x, 'measure', None)\n")
    assert "def measure(" in text
    names = "NAMES = 'unit i 1 2;state_of_it - 0 9'\n"
    assert ".state_of_it" in open_image(tmp_path, "", METER, names)


def test_a_keyword_that_may_become_a_text_stays(tmp_path):
    setter = "def f(x, **given):\n    for n in given:\n        setattr(x, n, given[n])\n"
    text = open_image(tmp_path, "", METER, setter + "def g(x):\n    f(x, total_of_it=1)\n")
    assert ".total_of_it" in text


def test_what_a_module_of_an_unknown_firmware_may_have_stays(tmp_path):
    text = open_image(tmp_path, "", METER, "import esp99\ndef f():\n    esp99.new().measure(1)\n")
    assert "def measure(" in text


def test_names_of_a_module_that_is_a_value_stay(tmp_path):
    files = {
        "lib/pack/a.py": METER,
        "lib/pack/b.py": "def measure():\n    return 1\n",
        "lib/pack/c.py": "def f(n):\n    return __import__('pack.' + n, None, None, ('x',))\n",
    }
    found = entries(tree(tmp_path, files), "lib/pack\njoin one: pack.a pack.c\n")
    done = join.join(found, public.Outside(frozenset(), False))
    assert "def measure(" in done.texts["one"] and "def measure(" in done.texts["pack.b"]


def test_a_class_that_asks_another_object_shares_no_name_with_it(tmp_path):
    proxy = """
class Proxy:
    def __init__(self, core):
        self._core_of_proxy = core
    def __getattr__(self, name):
        return getattr(self._core_of_proxy, name)
class Core:
    def __init__(self):
        self._value_of_core = 5
def ask():
    return Proxy(Core())._value_of_core
ASK = ask
"""
    for documented in ("", "Proxy Core ask"):
        text = open_image(tmp_path, documented, proxy)
        unit = {}
        exec(text, unit)
        asks = {f for name, f in unit.items() if callable(f) and not isinstance(f, type)}
        assert [f() for f in asks] == [5]


def test_a_base_class_of_another_module_shares_no_name_with_its_subclass(tmp_path):
    base = "class Base:\n    def __init__(self):\n        self._one = 1\n    def get_one(self):\n"
    derived = "from . import m0\nclass Derived(m0.Base):\n    def _two(self):\n        return 2\n"
    derived += "TWO = Derived._two\n"
    text = open_image(
        tmp_path, "Base Derived get_one", base + "        return self._one\n", derived
    )
    unit = {}
    exec(text, unit)
    assert unit["Derived"]().get_one() == 1
    (two,) = [name for name in vars(unit["Derived"]) if not name.startswith("__")]
    assert "self.%s" % two not in text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x, n):\n    return getattr(x, '_' + n)\n", "line 2: the text of an attribute is"),
        ("def f(x, n):\n    setattr(x, '%s_ms' % n, 1)\n", "line 2: the text of an attribute is"),
        ("def f(b):\n    class A(b()):\n        pass\n", "line 2: a base class that is computed"),
    ],
)
def test_what_cannot_be_proved_is_refused_in_one_line(tmp_path, source, said):
    with pytest.raises(ImageError, match=said) as raised:
        open_image(tmp_path, "", source)
    assert "\n" not in str(raised.value)


def test_a_vendor_s_module_keeps_all_that_has_no_underscore(tmp_path):
    files = {
        "lib/pack/m.py": METER,
        "boards/X/main.py": "import pack.m\nx = pack.m.helper_of_it\n",
    }
    found = entries(tree(tmp_path, files), "lib/pack\nboards/X/main.py\njoin one: pack.m\n")
    assert "def helper_of_it(" in profile.joined(found).texts["one"]


def test_a_closed_image_keeps_what_its_source_uses_and_nothing_else(tmp_path):
    main = "from pack.m import Meter\nprint(Meter(1).measure(7))\n"
    files = {"lib/pack/m.py": METER, "boards/X/main.py": main}
    lines = "lib/pack\nboards/X/main.py\njoin one: pack.m\nclosed\n"
    found = entries(tree(tmp_path, files), lines)
    text = profile.joined(found).texts["one"]
    assert "def measure(" in text and "class Meter" in text
    assert "litres" not in text and "helper_of_it" not in text
    assert on_port(tmp_path, lines, main) == "7\n"
    found = entries(tmp_path, lines + "public litres\n")
    assert "litres" in profile.joined(found).texts["one"]


def test_many_functions_have_a_name_each(tmp_path):
    # more of them than the unit has names that could serve twice; `_a` is an attribute, too
    text = "".join("def _fun_%d(x):\n    return %d\n" % (i, i) for i in range(200))
    text += "ALL = [%s]\n" % ", ".join("_fun_%d(0)" % i for i in range(200))
    text += "class Base:\n    def __init__(self):\n"
    text += "".join("        self._more_%d = 0\n" % i for i in range(60))
    unit = {}
    exec(two(tmp_path, text).texts["one"], unit)
    assert unit["ALL"] == list(range(200))


def test_what_the_pages_and_examples_show_is_public():
    documented = public.documented()
    assert {"Client", "changed", "descriptor", "ack_timeout", "readable", "Kind"} <= documented
    assert {"factory", "established", "instances", "sampling"} & documented
    assert not {"_next_look", "evaluate_at", "exchange_lifetime"} & documented


def test_a_module_of_lib_that_the_image_lacks_keeps_no_names(tmp_path):
    late = "def f(x):\n    from %s import notify\n    return notify(x.state_of_it)\n"
    assert "state_of_it" not in open_image(tmp_path, "", METER, late % "lwm2m.reporting.slow")
    assert "state_of_it" in open_image(tmp_path, "", METER, late % "vendor.slow")


def test_what_nobody_uses_goes_and_what_only_that_used(tmp_path):
    text = METER + "def unused_one():\n    return unused_two(unused_one)\ndef unused_two(x):\n"
    text += "    return Meter(x).total_of_it\n"
    text += "class Other:\n    def unused_three(self):\n        pass\n"
    found = open_image(tmp_path, "Meter Other helper_of_it", text)
    assert found.count("def ") == METER.count("def ")
    found = open_image(tmp_path, "Meter Other helper_of_it unused_one unused_three", text)
    assert found.count("def ") == text.count("def ")


def test_what_may_be_asked_for_by_text_or_by_the_firmware_stays(tmp_path):
    text = "class A:\n    def ioctl(self):\n        pass\n    def asked_for(self):\n        pass\n"
    text += "    def __len__(self):\n        return 1\nNAMES = 'asked_for other'\n"
    assert open_image(tmp_path, "A NAMES", text).count("def ") == 3
