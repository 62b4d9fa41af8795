"""Send: in each format, in blocks, until the server has it, whatever it answers (Core 6.4.6)."""

from lab import BYTES, COUNT, LIST, MEASURED, NUMBER, OID, RUN, SECRET, TEXT
from session import REGISTERED
from slow_lab import SlowLab
from virtual import ACK, CON, RST, raises
from watcher import (
    BAD,
    CHANGED,
    LWM2M_CBOR,
    NOT_ALLOWED,
    NOT_FOUND,
    SENML_CBOR,
    SENML_JSON,
    START,
    Watcher,
)

from coap.message import encode
from lwm2m.formats import senml_cbor, senml_json
from lwm2m.model import Lwm2mError

NOT_ACCEPTABLE, TOO_LARGE, FAULT, UNAVAILABLE = 0x86, 0x8D, 0xA0, 0xA3
SEND, UPDATE, REGISTER = (2, "dp"), (2, "rd/abc"), (2, "rd")
GIVEN_UP = 94000  # ms, with the longest spread
HERE = (OID, 0, NUMBER)


class Sending(Watcher):
    """A Watcher that looks at Sends; `codes` are what the application was called with."""

    def __init__(self, mute=False, **arguments):
        account = {6: True}
        if mute is not None:
            account[23] = mute
        super().__init__(account, **arguments)
        self.sender = self.management.sender()
        self.codes = []

    def values(self, *paths, number=SENML_JSON):
        """Send what is at some paths."""
        self.sender.values([tuple(one) for one in paths], number, self.codes.append)
        self.session.service()

    def samples(self, *pairs, number=SENML_JSON, where=HERE):
        """Send samples of a Resource."""
        self.sender.samples(where, list(pairs), number, self.codes.append)
        self.session.service()

    def latest(self):
        """(format, body) of the latest Send in one message; it has no options that are not due."""
        sent = [s for _, s in self.session.sent if s[0] == CON and s[1] == 2][-1]
        assert [v for n, v in sent[4] if n == 11] == [b"dp"]
        assert [n for n, _ in sent[4]] == [11, 12]
        return int.from_bytes(dict(sent[4])[12], "big"), bytes(sent[5])

    def counted(self):
        """How many Sends, Updates and Registers there were after the first Register."""
        asked = self.requests(1)
        rest = [one for one in asked if one not in (SEND, REGISTER)]
        assert [one for one in rest if not one[1].startswith("rd/")] == []
        return asked.count(SEND), len(rest), asked.count(REGISTER)


def test_one_value_in_each_format():
    for number, expected in (
        (SENML_JSON, b'[{"bn":"/32000/0/1","v":1}]'),
        (SENML_CBOR, b"\x81\xa2\x21\x6a/32000/0/1\x02\x01"),
        (LWM2M_CBOR, b"\xa1\x82\x19\x7d\x00\x00\xa1\x01\x01"),
    ):
        w = Sending()
        w.values(HERE, number=number)
        assert w.latest() == (number, expected)
        assert w.codes == []
        w.reply(CHANGED)
        assert w.codes == [CHANGED]
        assert w.go(1000000) == [] and w.counted() == (1, 0, 0)


def test_several_values():
    w = Sending()
    w.values((3, 0, 0), HERE, (OID, 0, LIST), (OID, 0, LIST, 3), (3, 0, 99))
    assert w.latest()[1] == (
        b'[{"bn":"/","n":"3/0/0","vs":"Maker"},{"n":"32000/0/1","v":1},'
        b'{"n":"32000/0/8/0","v":1},{"n":"32000/0/8/3","v":2}]'
    )
    w.reply(CHANGED)
    w.values((OID, 0))
    assert w.latest()[1].startswith(b'[{"bn":"/32000/0/","n":"0","vs":"one"}')
    assert b'"n":"10"' not in w.latest()[1]  # what cannot be read
    w.reply(CHANGED)
    w.values(HERE, (3, 0, 0), number=LWM2M_CBOR)
    assert w.latest()[1].startswith(b"\xa2\x82\x03\x00\xa1\x00\x65Maker\x82\x19\x7d\x00\x00")


def test_a_value_is_that_of_its_time():
    w = Sending(mute=True)
    w.values(HERE)
    w.change(NUMBER, 2)
    w.session.model.object(1).set(0, 23, False)
    w.session.service()
    assert w.latest()[1] == b'[{"bn":"/32000/0/1","v":1}]'


def test_samples_in_time_order():
    w = Sending()
    w.samples((START - 120, 5), (START - 60, 6), (START, 9))
    assert w.latest()[1] == (
        b'[{"bn":"/32000/0/1","bt":%d,"t":-60,"v":5},{"v":6},{"t":60,"v":9}]' % (START - 60)
    )
    w.reply(CHANGED)
    w.samples((START, 1), (START + 3600, 2), number=SENML_CBOR)
    number, body = w.latest()
    assert number == SENML_CBOR and body.count(b"/32000/0/1") == 1
    assert body[-5:] == b"\x02\x01\xa1\x02\x02" and b"\x06\x39\x0e\x0f" in body


def test_what_cannot_be_sent():
    w = Sending()
    for where, code in (
        ((0, 0, 0), 0x81),
        ((9999, 0, 0), NOT_FOUND),
        ((OID, 0, 99), NOT_FOUND),
        ((OID, 7), NOT_FOUND),
        ((OID, 0, SECRET), NOT_ALLOWED),
        ((OID, 0, RUN), NOT_ALLOWED),
    ):
        raises(code, w.values, where)
        if len(where) == 3:
            raises(code, w.sender.samples, where, [(START, 1)], SENML_CBOR, None)
    raises(NOT_FOUND, w.values, (9999, 0, 0), (0, 0, 0))
    raises(NOT_ACCEPTABLE, w.sender.values, [HERE], 41, None)
    raises(NOT_ACCEPTABLE, w.sender.samples, HERE, [(START, 1)], LWM2M_CBOR, None)
    raises(NOT_ACCEPTABLE, w.sender.samples, HERE, [(START, 1)], 0, None)
    assert w.sender.waiting == [] and w.counted() == (0, 0, 0)


def test_what_the_format_cannot_say_is_refused_and_the_next_goes():
    w = Sending(mute=True)
    w.samples()
    w.samples((START, "no number"), number=SENML_CBOR)
    w.values(HERE)
    w.session.model.object(1).set(0, 23, False)
    w.session.service()
    w.session.run(w.session.now + 1)
    if w.codes == [FAULT]:  # a text is said as a text: let the server decide
        w.reply(CHANGED)
    assert w.latest()[1] == b'[{"bn":"/32000/0/1","v":1}]'
    w.reply(CHANGED)
    assert w.codes[0] == FAULT and w.codes[-1] == CHANGED and len(w.codes) == 3


def test_slow_values():
    for faults, code in (({}, CHANGED), ({"read2": OSError("bus")}, FAULT)):
        w = Sending(lab=SlowLab((MEASURED,), **faults))
        w.values((OID, 0, MEASURED), HERE)
        assert w.counted() == (0, 0, 0)
        w.work(3)
        if not faults:
            assert b'"n":"2","v":1.5' in w.latest()[1] or b'0/2","v":1.5' in w.latest()[1]
            w.reply(CHANGED)
        assert w.codes == [code]


def test_muted_it_waits():
    for mute in (True, None):
        w = Sending(mute=mute)
        w.values(HERE)
        w.go(1000000)
        assert w.counted() == (0, 0, 0)
        answer = w.ask(3, "1/0/23", [(12, 0)], payload=b"0")
        if mute is None:
            assert answer.code == NOT_FOUND
            w.session.model.object(1).set(0, 23, False)
            w.session.registration.deadline = 0
        w.go(1)
        assert w.counted() == (1, 0, 0)


def test_one_after_the_other():
    w = Sending()
    for value in range(5):
        w.samples((START, value))
    for value in range(5):
        assert w.counted()[0] == value + 1
        assert b'"v":%d}' % value in w.latest()[1]
        w.reply(CHANGED)
        w.session.service()
    assert w.codes == [CHANGED] * 5


def test_a_full_queue():
    w = Sending(mute=True)
    for value in range(8):
        w.samples((START, value))
    raises(UNAVAILABLE, w.samples, (START, 9))
    raises(UNAVAILABLE, w.values, HERE)
    w.ask(3, "1/0/23", [(12, 0)], payload=b"0")
    w.go(1)
    w.reply(CHANGED)
    w.samples((START, 9))
    assert len(w.sender.waiting) == 8


def blockwise(w, refuse=None):
    """Answer the blocks of a Send; its body, or what came before `refuse` was answered."""
    body = b""
    while True:
        sent = [s for _, s in w.session.sent if s[0] == CON and s[1] == 2][-1]
        options = dict(sent[4])
        body += bytes(sent[5])
        if 27 not in options:
            w.reply(CHANGED)
            return body
        block = int.from_bytes(options[27], "big")
        more = block & 8
        if refuse:
            w.reply(refuse)
            return body
        w.reply(0x5F if more else CHANGED, [(27, options[27])])
        w.session.service()
        if not more:
            return body


def test_a_long_one_goes_in_blocks():
    for number, module in ((SENML_JSON, senml_json), (SENML_CBOR, senml_cbor)):
        w = Sending(szx=2)
        pairs = [(START + 900 * i, 100000 + i) for i in range(96)]
        w.samples(*pairs, number=number)
        body = blockwise(w)
        content = [(OID, 0, [(NUMBER, 2, v)], t) for t, v in pairs]
        assert body == bytes(module.encode(content, HERE, pairs[48][0]))
        assert w.codes == [CHANGED] and w.counted()[0] > 10


def test_too_large_it_goes_in_halves():
    w = Sending()
    w.samples(*[(START + i, i) for i in range(10)])
    assert w.latest()[1].count(b'"v"') == 10
    seen = []
    for limit in (4,) * 20:
        count = w.latest()[1].count(b'"v"')
        if count > limit:
            w.reply(TOO_LARGE)
        else:
            seen += [int(one.split(b"}")[0]) for one in w.latest()[1].split(b'"v":')[1:]]
            w.reply(CHANGED)
        w.session.service()
        if w.codes:
            break
    assert seen == list(range(10)) and w.codes == [CHANGED]
    w = Sending()
    w.samples((START, 1), (START + 1, 2))
    w.reply(TOO_LARGE)
    w.session.service()
    w.reply(TOO_LARGE)  # no smaller piece
    assert w.codes == [TOO_LARGE] and w.sender.waiting == []
    w = Sending()
    w.values((OID, 0, TEXT))
    w.reply(TOO_LARGE)
    assert w.codes == [TOO_LARGE] and w.counted() == (1, 0, 0)


def test_refused_for_good():
    for code in (0x81, 0x83, NOT_ALLOWED, NOT_ACCEPTABLE, 0x8F, 0xA1, 0xA5, 0x82):
        w = Sending()
        w.values(HERE)
        w.values((OID, 0, COUNT))
        w.reply(code)
        assert w.codes == [code] and w.counted() == (2, 0, 0)
    w = Sending()
    w.values(HERE)
    latest = [s for _, s in w.session.sent][-1]
    w.session.give(encode(RST, 0, latest[2]))
    assert w.codes == [0]


def test_an_answer_apart():
    w = Sending()
    w.values(HERE)
    latest = [s for _, s in w.session.sent][-1]
    w.session.give(encode(ACK, 0, latest[2]))
    w.session.give(encode(CON, CHANGED, 77, latest[3]))
    assert w.codes == [CHANGED]
    assert w.session.registration.state == REGISTERED and w.lab.instances[0][BYTES]


def test_errors_are_of_the_kind_that_the_docstring_says():
    w = Sending()
    try:
        w.sender.values([(OID, 0, SECRET)], SENML_JSON, None)
    except Lwm2mError as error:
        assert error.code == NOT_ALLOWED
    w.sender.values([HERE], SENML_JSON, None)  # nobody wants to know
    w.session.service()
    w.reply(BAD)
    w.reply(CHANGED)
    w.session.accept()
    w.reply(BAD)
    assert w.sender.waiting == []


def test_only_what_the_server_refused_is_logged_as_refused():
    for code, count in ((CHANGED, 0), (NOT_ALLOWED, 1)):
        s = Sending()
        logged = []
        s.session.registration.log = lambda *event, logged=logged: logged.append(event)
        s.values(HERE)
        s.reply(code)
        assert s.codes == [code]
        assert len([event for event in logged if event[1] == "Send refused"]) == count
