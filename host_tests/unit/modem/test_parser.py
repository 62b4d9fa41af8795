"""What a modem says is cut into lines, prompts and datagrams, however it arrives."""

from virtual import NEVER

from modem.parser import DATAGRAM, GARBAGE, LINE, PROMPT, Parser


def items(parser, data):
    """What `data` completes."""
    parser.input(data)
    complete = []
    while True:
        item = parser.next()
        if item is None:
            return complete
        complete.append(item)


def test_lines_are_stripped_and_empty_ones_skipped():
    assert items(Parser(b">"), b"\r\nOK\r\n\r\n\r\n+CGATT: 1\r\n+QI") == [
        (LINE, b"OK"),
        (LINE, b"+CGATT: 1"),
    ]


def test_a_line_is_complete_with_its_last_byte():
    parser = Parser(b">")
    assert items(parser, b"\r\nO") == [] and items(parser, b"K\r") == []
    assert items(parser, b"\n") == [(LINE, b"OK")]


def test_a_prompt_is_one_only_while_it_is_awaited():
    parser = Parser(b">")
    assert items(parser, b"> \r\n") == [(LINE, b">")]
    parser.awaits_prompt = True
    assert items(parser, b"\r\n> ") == [(PROMPT, b"\r\n>")]
    assert not parser.awaits_prompt
    assert items(parser, b"\r\nSEND OK\r\n") == [(LINE, b"SEND OK")]


def test_a_prompt_that_is_not_awaited_is_the_beginning_of_a_line():
    for beginning in (b"> ", b"\r\n> ", b"\n>"):
        parser = Parser(b">")
        assert items(parser, beginning) == []
        assert items(parser, b"OK\n") == [(LINE, (beginning + b"OK").strip())]


def test_an_end_of_a_line_alone_is_no_line():
    for empty in (b"\n", b"\n\n\n", b"\r\n"):
        assert items(Parser(b">"), empty + b"OK\r\n") == [(LINE, b"OK")]


def test_a_datagram_is_complete_with_its_last_byte():
    parser = Parser(b">")
    parser.expect(3, 0)
    assert items(parser, b"ab") == [] and items(parser, b"c") == [(DATAGRAM, b"abc")]


def test_a_line_may_be_between_command_and_prompt():
    parser = Parser(b">")
    parser.awaits_prompt = True
    assert items(parser, b'+QIURC: "recv",0\r\n>') == [
        (LINE, b'+QIURC: "recv",0'),
        (PROMPT, b">"),
    ]


def test_the_bytes_of_a_datagram_are_not_read_as_lines():
    parser = Parser(b">")
    parser.input(b"+QIRD: 6\r\n\r\nOK\r\nOK\r\n")
    assert parser.next() == (LINE, b"+QIRD: 6")
    parser.expect(6, 1000)
    assert parser.deadline == 4000
    assert parser.next() == (DATAGRAM, b"\r\nOK\r\n") and parser.deadline == NEVER
    assert parser.next() == (LINE, b"OK") and parser.next() is None


def test_the_rest_of_a_datagram_that_comes_late_is_no_line():
    parser = Parser(b">")
    parser.expect(100, 0)
    assert items(parser, b"abc") == []
    parser.clear()
    assert parser.deadline == NEVER
    for piece in (b"\r\nOK\r\n" + b"-" * 84, b"x"):
        parser.settle()  # there is more of it than an answer has
        assert items(parser, piece) == []
    assert items(parser, b"APP RDOK\r\n") == [(LINE, b"OK")]


def test_after_bytes_that_never_come_an_answer_is_a_line_again():
    parser = Parser(b">")
    parser.expect(100, 0)
    items(parser, b"abc")
    parser.clear()
    parser.settle()
    assert items(parser, b"\r\nOK\r\n") == []  # dropped, for it might be of the datagram
    parser.settle()
    assert items(parser, b"OK\r\n") == [(LINE, b"OK")]
    parser.expect(100, 0)
    parser.clear()
    parser.settle()  # what was dropped before says nothing of this one
    assert items(parser, b"OK\r\n") == []


def test_a_datagram_longer_than_the_buffer_is_dropped_as_it_comes():
    for size in (3000, 10**30):
        parser = Parser(b">")
        parser.input(b"+QIRD: %d\r\nAPP RDY\r\n" % size)
        assert parser.next() == (LINE, b"+QIRD: %d" % size)
        parser.expect(size, 1000, False)
        assert parser.deadline == 4000 and parser.next() is None
        for _ in range(29):
            assert items(parser, b"\r\nRDY\r\n" * 11) == [] and not parser._buffer
    parser = Parser(b">")
    parser.expect(8, 1000, False)
    assert items(parser, b"\r\nRDY\r\nabc\r\n") == [(LINE, b"bc")] and parser.deadline == NEVER
    parser.input(b"+QIRD: 3\r\nabc\r\nOK\r\n")
    assert parser.next() == (LINE, b"+QIRD: 3")
    parser.expect(3, 1000, False)  # all of it is there already
    assert parser.deadline == NEVER and parser.next() == (LINE, b"OK")


def test_an_endless_line_is_garbage():
    parser = Parser(b">")
    assert items(parser, b"x" * 512) == []
    assert items(parser, b"x") == [(GARBAGE, b"")]
    assert items(parser, b"x" * 600 + b"\r\nOK\r\n") == [(LINE, b"OK")]
