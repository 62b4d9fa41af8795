"""Properties, by hypothesis: the codec, exchanges and blocks under loss (CPython only)."""

import aiocoap
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from virtual import ACK, CON, GET, NEVER, NON, POST, PUT, App, Chance, Link, lossy, pair

from coap.message import CoapError, Message, encode

settings.register_profile(
    "here", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")

# Repeatable ones: what is read back is what was written, whatever their values
OPTIONS = st.lists(
    st.tuples(st.sampled_from((1, 4, 8, 11, 15, 20)), st.binary(min_size=1, max_size=8)),
    max_size=8,
).map(lambda options: sorted(options, key=lambda option: option[0]))
CODES = st.sampled_from((1, 2, 3, 4, 5, 6, 7, 0x41, 0x45, 0x5F, 0x84, 0xA0))


def fields(message):
    """All that a message says."""
    options = [
        (n, bytes(message.data[s >> 12 : s & 0xFFF]))
        for n, s in zip(message.numbers, message.spans, strict=True)
    ]
    head = message.kind, message.code, message.mid, bytes(message.token)
    return head + (options, bytes(message.payload()))


@given(
    st.sampled_from((CON, NON, ACK)),
    CODES,
    st.integers(0, 0xFFFF),
    st.binary(max_size=8),
    OPTIONS,
    st.binary(max_size=600),
)
@settings(max_examples=400)
def test_what_is_encoded_is_read_back(kind, code, mid, token, options, payload):
    datagram = bytes(encode(kind, code, mid, token, options, payload))
    message = Message()
    message.parse(datagram)
    assert fields(message) == (kind, code, mid, token, options, payload)
    assert message.bad == 0


@given(st.binary(max_size=120))
@settings(max_examples=2000)
def test_noise_raises_coap_errors_only(data):
    try:
        Message().parse(data)
    except CoapError as error:
        assert error.code in (1, 2)


@given(st.binary(max_size=60), st.integers(0, 3), st.integers(0, 12), CODES)
@settings(max_examples=2000)
def test_what_parses_means_the_same_when_encoded_again(tail, kind, token, code):
    data = bytes([0x40 | kind << 4 | token, code, 0, 1]) + tail
    message = Message()
    try:
        message.parse(data)
    except CoapError:
        return
    said = fields(message)
    message.parse(bytes(encode(*said)))
    assert fields(message) == said


@given(st.binary(max_size=60), st.integers(0, 8), st.sampled_from((1, 2, 3, 4)))
@settings(max_examples=1000)
def test_what_aiocoap_reads_we_read_alike(tail, token, code):
    data = bytes([0x40 | token, code, 0, 1]) + tail
    try:
        other = aiocoap.Message.decode(data)
    except (ValueError, aiocoap.error.Error):  # also a text that is no UTF-8
        return
    message = Message()
    try:
        message.parse(data)
    except CoapError:
        # reserved nibbles and empty payloads, which aiocoap lets pass
        return
    assert bytes(message.token) == other.token and message.mid == other.mid
    assert bytes(message.payload()) == other.payload
    if not message.bad:
        assert [p.decode() for p in message.all(11)] == list(other.opt.uri_path)


@given(st.integers(0, 10**6), st.integers(0, 45), st.integers(0, 40), st.integers(1, 12))
@settings(max_examples=600)
def test_under_loss_each_request_ends_once_and_runs_at_most_once(seed, loss, repeat, count):
    chance = Chance(seed)
    client, server = pair(App(), seed + 1)
    link = Link(client, server, lossy(chance, loss, repeat, 20))
    ended = {}

    def done(number):
        def note(message, now):
            ended.setdefault(number, []).append(message and message.code)

        return note

    for number in range(count):
        body = b"%d" % number
        client.request(POST, [(11, "a")], body, done(number), link.now)
    link.run()
    assert sorted(ended) == list(range(count))
    ran = [payload for _, _, payload in server.app.ran]
    for number in range(count):
        (code,) = ended[number]
        times = ran.count(b"%d" % number)
        assert times <= 1
        if code is not None:
            assert code == 0x45 and times == 1


@given(
    st.integers(0, 10**6),
    st.integers(0, 30),
    st.integers(1, 2048),
    st.integers(0, 4),
    st.integers(0, 4),
)
@settings(max_examples=500)
def test_under_loss_a_body_arrives_exactly_or_not_at_all(seed, loss, size, ours, theirs):
    chance = Chance(seed)
    body = bytes(chance(size))
    client, server = pair(App(0x44), seed + 1)
    client.szx, server.szx = ours, theirs
    link = Link(client, server, lossy(chance, loss, 15, 15))
    got = []
    client.request(PUT, [(11, "a")], body, lambda m, now: got.append(m and m.code), 0)
    link.run()
    assert len(got) == 1
    assert [ran[2] for ran in server.app.ran] in ([], [body])
    if got[0] == 0x44:
        assert len(server.app.ran) == 1
    assert loss or got == [0x44]


@given(
    st.integers(0, 10**6),
    st.integers(0, 30),
    st.integers(0, 2048),
    st.integers(0, 4),
    st.integers(0, 4),
)
@settings(max_examples=500)
def test_under_loss_a_representation_arrives_exactly_or_not_at_all(seed, loss, size, ours, theirs):
    chance = Chance(seed)
    body = bytes(chance(size))
    client, server = pair(App((0x45, (), body)), seed + 1)
    client.szx, server.szx = ours, theirs
    link = Link(client, server, lossy(chance, loss, 15, 15))
    got = []
    client.request(GET, [(11, "a")], b"", lambda m, now: got.append(m and bytes(m.payload())), 0)
    link.run()
    assert got in ([None], [body])
    assert loss or got == [body]
    assert server.deadline >= NEVER
