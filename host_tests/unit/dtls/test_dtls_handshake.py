"""The handshake, by a scripted server: flights and their bytes, what servers may do and may not.

Limits that are measured here: 254 B + cookie + identity + (1 + CID) from the client, six datagrams
with HelloVerifyRequest and four without; three to resume a session.
"""

from dtls_peer import (
    CBC,
    CCM,
    CCM_8,
    CLOSED,
    IDENTITY,
    SHAKING,
    Server,
    be,
    client,
    given_up,
    message,
    plain,
    pump,
    records,
    shaken,
    vector,
    waiting,
)
from virtual import NEVER, Chance, raises

from dtls.client import Dtls


def measured(core, server):
    """(datagrams both ways, client's bytes, server's bytes) of a handshake."""
    counts = [0, 0, 0]
    core.connect(0)
    while core.outbox or server.outbox:
        for end, other, at in ((core, server, 1), (server, core, 2)):
            for datagram in end.outbox[:]:
                counts[0] += 1
                counts[at] += len(datagram)
                other.input(bytes(datagram), 0)
                end.outbox.pop(0)
    assert core.established and server.established
    return tuple(counts)


def hello_of(core):
    """The server's understanding of a fresh ClientHello."""
    server = Server(cookie=b"")
    core.connect(0)
    waiting(core, server)
    return server


def failing(alert, core=None, **settings):
    """A handshake that the client ends with this alert, once its time is over."""
    core = core or client()
    server = Server(**settings)
    core.connect(0)
    assert given_up(core, server) > 60000
    assert core.failed == alert and core.state == CLOSED, core.failed
    assert server.alerts == []  # it may have been a forger's message
    assert core.deadline >= NEVER
    return core


# Bytes and datagrams


def test_a_full_handshake_costs_what_it_may():
    for cookie in (b"", b"c" * 20, b"c" * 32):
        for cid in (None, b"", b"123456", bytes(20)):
            core = client()
            there = measured(core, Server(cookie=cookie, cid=cid))
            assert there[0] == (6 if cookie else 4)
            limit = 254 + len(cookie) + len(IDENTITY) + (1 + len(cid) if cid else 0)
            if not cookie:
                limit -= 80  # one ClientHello less
            assert there[1] == limit


def test_resuming_costs_three_datagrams():
    server = Server(cookie=b"", cid=b"123456")
    core, _ = shaken(server=server)
    datagrams, ours, theirs = measured(core, server)
    assert core.resumed and server.resumed
    assert datagrams == 3
    assert ours + theirs <= 370


def test_one_suite_and_three_extensions_are_offered():
    server = hello_of(client())
    assert server.offered_suites == b"\xc0\xa8\x00\xff"
    assert sorted(server.offered) == [23, 54]
    assert server.offered[54] == b"\x00"


def test_suites_and_our_cid_are_settings():
    server = hello_of(client(suites=(CCM_8, CCM, CBC), cid=b"me"))
    assert server.offered_suites == b"\xc0\xa8\xc0\xa4\x00\xae\x00\xff"
    assert sorted(server.offered) == [22, 23, 54]
    assert server.offered[54] == b"\x02me"


def test_a_flight_is_as_few_datagrams_as_the_mtu_allows():
    for mtu, count in ((1280, 1), (110, 1), (104, 1), (103, 2), (60, 2)):
        core, server = client(), Server(cookie=b"")
        core.connect(0)
        core.mtu = mtu
        for datagram in waiting(core, server):
            core.input(datagram, 0)
        assert all(len(d) <= mtu for d in core.outbox)
        assert len(core.outbox) == count, (mtu, len(core.outbox))
        whole = b"".join(core.outbox)
        assert [r[0] for r in records(whole)] == [22, 20, 22]


def test_a_message_above_the_mtu_is_sent_in_fragments():
    core = client(mtu=100, identity=bytes(range(128)))
    core.connect(0)
    core._shake.cookie = bytes(200)
    core._shake._hello()
    core.outbox.clear()
    core._shake.transmit(0)
    whole = b""
    for datagram in core.outbox:
        assert len(datagram) <= 100
        for kind, _, _, body, _ in records(datagram):
            assert kind == 22 and body[0] == 1
            assert be(body[6:9]) == len(whole) and be(body[9:12]) == len(body) - 12
            whole += body[12:]
            size = be(body[1:4])
    assert len(whole) == size and bytes(200) in whole


# What servers do


def test_every_kind_of_server():
    for suite in (CCM_8, CCM, CBC):
        for cookie in (b"", b"c" * 255):
            for hint in (None, b"", b"h" * 128):
                for ems in (False, True):
                    for cid in (None, b"x" * 32):
                        core = client(suites=(suite,))
                        server = Server(suite=suite, cookie=cookie, hint=hint, ems=ems, cid=cid)
                        shaken(core, server)
                        core.send(b"there", 0)
                        server.send(b"back")
                        assert pump(core, server) == [b"back"]
                        assert server.got == [b"there"]


def test_identities_and_keys_of_any_length():
    for identity, key in (
        (b"", b"k"),
        (bytes(range(128)), bytes(range(64))),
        ("zähler".encode(), bytes(33)),
    ):
        core, server = shaken(
            client(identity=identity, key=key), Server(key=key, identity=identity)
        )
        assert server.named == identity
    for identity, key in ((b"", b""), (b"", bytes(65)), (bytes(129), b"k")):
        raises(80, Dtls, identity, key)


def test_a_server_without_renegotiation_info_is_served():
    shaken(renegotiation=False)


def test_renegotiation_info_of_a_first_handshake_is_empty():
    failing(40, renegotiation=False, extra=b"\xff\x01\x00\x02\x01x")


def test_fragments_of_any_size_in_any_order():
    for size in (1, 7, 20, 100):
        for seed in range(5):
            chance = Chance(seed + 1)
            core, server = client(), Server(fragment=size, hint=b"h" * 40, cid=b"C")
            core.connect(0)
            for _ in range(10):
                parts = []
                for datagram in waiting(core, server):
                    parts += [r[4] for r in records(datagram)]
                while parts:
                    core.input(parts.pop(chance.below(len(parts))), 0)
                # What came before its time and could not be kept comes again.
                core.poll(core.deadline if core.state == SHAKING else 0)
            assert core.established and server.established, (size, seed)


def test_fragments_that_overlap_and_repeat():
    core, server = client(), Server(cookie=b"", hint=b"hint")
    core.connect(0)
    made = waiting(core, server)[0]
    for _, _, seq, body, _ in records(made):
        kind, size = body[0], be(body[1:4])
        for start in range(0, size + 1, 5):
            end = min(start + 9, size)
            head = body[:6] + start.to_bytes(3, "big") + (end - start).to_bytes(3, "big")
            for _ in range(2):
                core.input(plain(22, head + body[12 + start : 12 + end], seq), 0)
        assert kind in (2, 12, 14)
    pump(core, server)
    assert core.established


def test_several_messages_in_one_record():
    core, server = client(), Server(cookie=b"", hint=b"hint")
    core.connect(0)
    bodies = [r[3] for r in records(waiting(core, server)[0])]
    core.input(plain(22, b"".join(bodies)), 0)
    pump(core, server)
    assert core.established


def test_what_is_kept_of_fragments_is_bounded():
    core, server = client(), Server(cookie=b"")
    core.connect(0)
    made = waiting(core, server)
    for seq in range(200):
        for size in (1500, 100000, 16777215, 800):
            head = b"\x02" + size.to_bytes(3, "big") + seq.to_bytes(2, "big")
            core.input(plain(22, head + (1).to_bytes(3, "big") + b"\x00\x00\x01x"), 0)
            kept = sum([len(part[1]) for part in core._shake.parts.values()])
            assert kept <= 1536 + 12 * 4
    for datagram in made:
        core.input(datagram, 0)
    pump(core, server)
    core.poll(core.deadline)
    pump(core, server)
    assert core.established


def test_a_hello_verify_request_is_followed_once_until_the_timer_runs_out():
    core, server = client(), Server()
    core.connect(0)
    first = waiting(core, server)[0]
    core.input(first, 0)
    assert len(core.outbox) == 1
    core.input(first, 0)
    assert len(core.outbox) == 1
    core.outbox.clear()
    other = plain(22, message(3, b"\xfe\xfd" + vector(b"other"), 0))
    core.input(other, 0)
    assert not core.outbox
    core.poll(core.deadline)
    core.outbox.clear()
    core.input(other, 2000)
    assert len(core.outbox) == 1 and b"\x05other" in core.outbox[0]
    for i in range(20):
        core.input(plain(22, message(3, b"\xfe\xff" + vector(b"%d" % i), i)), 2000)
    assert len(core.outbox) == 1


def test_both_hellos_have_the_same_random():
    core, server = client(), Server()
    core.connect(0)
    first = core.outbox[0]
    core.input(waiting(core, server)[0], 0)
    second = core.outbox[0]
    assert first[27:59] == second[27:59]
    assert be(second[17:19]) == 1  # message_seq


# What servers may not do


def test_wrong_parameters_end_the_attempt():
    failing(47, suite=CCM)
    failing(47, core=client(suites=(CCM,)))
    failing(70, version=b"\xfe\xff")
    failing(70, version=b"\xfe\xfc")
    failing(110, extra=b"\x00\x0a\x00\x00")
    failing(110, extra=b"\x00\x16\x00\x00")
    failing(47, extra=b"\x00\x17\x00\x00")
    failing(47, extra=b"\x00\x36\x00\x22\x21" + bytes(33))
    failing(50, extra=b"\x00\x36\x00\x02\x05x")
    failing(50, extra=b"\x00\x36\x00\x09x")
    failing(50, extra=b"\x00")


def test_cbc_without_encrypt_then_mac_only_where_a_setting_says_so():
    failing(40, core=client(suites=(CBC,)), suite=CBC, etm=False)
    core = client(suites=(CBC,), mac_then_encrypt=True)
    shaken(core, Server(suite=CBC, etm=False))
    assert not core.etm


def test_encrypt_then_mac_is_not_for_ccm():
    core, server = shaken(client(suites=(CCM_8, CBC)), Server())
    assert not core.etm
    core.send(b"text", 0)
    pump(core, server)
    assert server.got == [b"text"]


def test_a_wrong_finished_ends_the_attempt():
    core = client()
    server = Server(wrong_finished=True)
    core.connect(0)
    pump(core, server)
    assert core.failed == 51 and server.alerts == [51] and core.session is None


def test_messages_out_of_turn_are_dropped_and_the_true_ones_still_taken():
    core, server = client(), Server(cookie=b"", hint=b"h")
    core.connect(0)
    for kind in (1, 4, 11, 12, 13, 14, 15, 16, 255):
        core.input(plain(22, message(kind, b"", 0)), 0)
    made = waiting(core, server)[0]
    hello, key, done = [r[4] for r in records(made)]
    core.input(hello, 0)
    for kind in (1, 2, 4, 11, 13, 16):
        core.input(plain(22, message(kind, b"x", 1)), 0)
    core.input(key, 0)
    core.input(plain(22, message(2, hello[25:], 2)), 0)
    core.input(done, 0)
    for kind in (1, 2, 12, 14):
        core.input(plain(22, message(kind, b"", 3)), 0)
    pump(core, server)
    assert core.established


def test_a_server_hello_cut_anywhere_is_never_taken():
    core, server = client(), Server(cookie=b"", cid=b"CID")
    core.connect(0)
    body = records(waiting(core, server)[0])[0][3][12:]
    for size in range(len(body)):
        core = client()
        core.connect(0)
        core.input(plain(22, message(2, body[:size], 0)), 0)
        assert core.state == SHAKING
        if core._shake.hint < 0:  # cut where the extensions begin, or between them: no CID
            assert core._shake.wait == 1
        else:
            assert core._shake.wait == 0 and core._shake.hint in (47, 50), size


def test_a_server_hello_and_a_hello_request_in_every_state_change_nothing_established():
    core, server = client(), Server(cookie=b"")
    request = plain(22, message(0, b"", 0))
    assert list(core.input(request, 0)) == []
    assert core.state == CLOSED
    core.connect(0)
    core.input(request, 0)
    made = waiting(core, server)[0]
    hello = records(made)[0][4]
    core.input(hello, 0)
    core.input(request, 0)
    core.input(hello, 0)  # a repeated one
    core.input(made, 0)
    core.input(request, 0)
    core.input(hello, 0)
    pump(core, server)
    assert core.established
    for datagram in (hello, request, made):
        assert list(core.input(datagram, 0)) == []
    server.outbox.append(server.record(22, message(0, b"", 0)))  # even from the server itself
    server.outbox.append(server.record(22, records(hello)[0][3]))
    pump(core, server)
    assert core.established and not core.outbox
    core.send(b"text", 0)
    pump(core, server)
    assert server.got == [b"text"]
    core.close(0)
    core.outbox.clear()
    for datagram in (hello, request, made):
        core.input(datagram, 0)
    assert core.state == CLOSED and not core.outbox
