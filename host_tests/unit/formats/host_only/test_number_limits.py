"""Numbers of many digits; here alone, for a joined module's `int` cannot be replaced."""

import pytest

from lwm2m.errors import Lwm2mError
from lwm2m.formats import number, text

INTEGER, FLOAT, TIME, OBJLNK, UNSIGNED = 2, 3, 6, 7, 8


def test_numbers_of_many_digits_are_refused_before_they_are_converted(monkeypatch):
    def convert(digits):
        raise AssertionError(len(digits))

    # takes minutes on a board for what one block-wise body holds
    monkeypatch.setattr(number, "int", convert, raising=False)
    many = b"1" * 5000
    for wrong in (many, b"-" + many, b"1e" + many, b"1." + many):
        for kind in (INTEGER, FLOAT, TIME, UNSIGNED):
            refused(kind, wrong)
    refused(OBJLNK, many + b":1")
    with pytest.raises(ValueError):
        number.digits("1" * 5000, 65536)


def refused(kind, wrong):
    with pytest.raises(Lwm2mError) as raised:
        text.decode(memoryview(wrong), [3, 0, 1], lambda oid, rid: kind)
    assert raised.value.code == 0x80
