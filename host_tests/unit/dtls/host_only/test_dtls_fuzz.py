"""Whatever arrives, in every state: nothing is raised, nothing grows, no session ends by it.

Random bytes, plausible records and mutated true ones, by hypothesis; a flood of forged records.
"""

from dtls_peer import Server, client, plain, pump, shaken
from dtls_store import Store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from virtual import NEVER

settings.register_profile(
    "dtls", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
PROFILE = settings.get_profile("dtls")
STATES = ("closed", "hello", "cookie", "done", "finished", "established", "resumed", "exported")


def step(core, server):
    """One datagram's way there and back; what came back."""
    for datagram in core.outbox:
        server.input(datagram)
    core.outbox.clear()
    made = server.outbox[:]
    server.outbox.clear()
    for datagram in made:
        core.input(datagram, 0)
    return made


def begun(steps):
    """(client, server, datagrams so far) of a handshake; the same ones each time."""
    core = client(store=Store(), cid=b"me")
    server = Server(cid=b"C", hint=b"hint", fragment=30)
    core.connect(0)
    true = []
    for _ in range(steps):
        true += step(core, server)
    return core, server, true


def reach(state):
    """(client, server, true datagrams of the server's that are fitting there)."""
    if state in ("resumed", "established", "exported"):
        core, server, true = begun(3)
        if state == "resumed":
            core.connect(0)
            while not core.established:
                true += step(core, server)
        if state == "exported":
            core.export(0)
        true.append(server.send(b"text", b"more"))
        server.alert(0, 1)
        true.append(server.outbox[-1])
        server.outbox.clear()
        return core, server, true
    steps = max(STATES.index(state) - 1, 0)
    core, server, _ = begun(steps)
    if state == "closed":
        core.close(0)
    return core, server, begun(steps + 1)[2]  # what would come next, too


def held(core):
    """Is what it keeps within its bounds?"""
    shake = core._shake
    if shake:
        assert sum(len(part[1]) for part in shake.parts.values()) <= 1536 + 48
        assert len(shake.parts) <= 8
    assert len(core.outbox) <= 40
    assert core.state in (0, 1, 2)
    assert core.deadline == (core.expires if core.state == 2 else NEVER) or core.state == 1


RECORDS = st.builds(
    lambda kind, epoch, seq, body: plain(kind, body, seq, epoch),
    st.sampled_from((20, 21, 22, 23, 25, 24, 0)),
    st.sampled_from((0, 1, 2)),
    st.integers(0, 70),
    st.binary(max_size=60),
)
MESSAGES = st.builds(
    lambda kind, size, seq, at, body, n: plain(
        22,
        bytes([kind])
        + size.to_bytes(3, "big")
        + seq.to_bytes(2, "big")
        + at.to_bytes(3, "big")
        + (len(body) + n).to_bytes(3, "big")
        + body,
    ),
    st.sampled_from((0, 1, 2, 3, 4, 11, 12, 14, 16, 20, 99)),
    st.sampled_from((0, 1, 20, 40, 100, 1536, 1537, 0xFFFFFF)),
    st.integers(0, 6),
    st.sampled_from((0, 1, 30, 0xFFFFFF)),
    st.binary(max_size=80),
    st.sampled_from((0, 0, 0, 1, -1, 5)).filter(lambda n: n >= 0),
)
CHANGES = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 255)), max_size=3)


@st.composite
def streams(draw):
    """A state and what arrives in it: indexes and changes of true datagrams, or made-up ones."""
    made_up = st.one_of(st.binary(max_size=120), RECORDS, MESSAGES)
    changed = st.tuples(st.integers(0, 5), CHANGES, st.integers(0, 500))
    return draw(st.sampled_from(STATES)), draw(st.lists(made_up | changed, max_size=8))


@settings(PROFILE, max_examples=400)
@given(streams())
def test_nothing_that_arrives_raises_or_grows(stream):
    state, pieces = stream
    core, server, true = reach(state)
    core.outbox.clear()
    for i, piece in enumerate(pieces):
        if isinstance(piece, tuple):
            which, changes, cut = piece
            datagram = bytearray(true[which % len(true)])
            for at, flip in changes:
                datagram[at % len(datagram)] ^= flip
            piece = bytes(datagram[:cut])
        texts = core.input(piece, i)
        assert all(isinstance(text, bytes) for text in texts)
        held(core)
    # However it ends, the next attempt succeeds.
    for _ in range(30):
        if core.state == 0:
            core.connect(1000)
        elif core.state == 2:
            break
        pump(core, server, 1000)
        if core.state == 1:
            core.poll(core.deadline)
    server.sessions.clear()
    core.connect(100000)
    pump(core, server, 100000)
    assert core.established


@settings(PROFILE, max_examples=150)
@given(st.sampled_from(("established", "resumed")), st.lists(st.binary(max_size=60) | RECORDS))
def test_an_established_session_is_unaffected_by_what_is_not_the_servers(state, pieces):
    core, server, true = reach(state)
    core.outbox.clear()
    for piece in pieces:
        assert list(core.input(piece, 0)) == []
    assert core.established and not core.outbox
    assert core.input(true[-2], 0) == [b"text", b"more"]
    core.send(b"text", 0)
    assert len(core.outbox) == 1


def test_ten_thousand_forged_records_in_a_row():
    core, server = shaken()
    datagram = bytearray(server.send(b"text"))
    true = bytes(datagram)
    for i in range(10000):
        datagram[5:11] = (i * 977 + 2).to_bytes(6, "big")
        assert list(core.input(bytes(datagram), i // 10)) == []
    assert core.established and core.suspect == {"wrong tag": 10000} and not core.outbox
    assert core.input(true, 1001) == [b"text"]
