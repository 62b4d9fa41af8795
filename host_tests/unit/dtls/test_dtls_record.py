"""The record layer: what it looks like on the wire, Connection IDs, anti-replay, limits."""

from dtls_peer import CBC, CCM, CCM_8, Server, be, client, plain, records, shaken

from dtls.crypto import Ccm
from dtls.record import Records, ciphers

KEYS = bytes(range(40))


def ends(cid=b"", local_cid=b"", suite=CCM_8, etm=True):
    """Two ends of a session: what the first seals the second opens."""
    block = bytes(range(96 if suite == CBC else 40))
    out, into = ciphers(suite, block, etm)
    back, there = ciphers(suite, block, etm)
    return Records(out, into, cid, local_cid), Records(there, back, local_cid, cid)


def content(end, record, cid=0):
    """What an end makes of a record."""
    at = 11 + cid
    return end.open(record[0], record[3:11], record[at + 2 :])


def test_a_record_is_what_rfc_6655_says():
    a, b = ends()
    record = a.seal(23, b"hello")
    assert record[:13] == b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x15"
    assert record[13:21] == b"\x00\x01" + bytes(6)  # the nonce is epoch and sequence
    assert len(record) == 13 + 8 + 5 + 8
    nonce = KEYS[32:36] + record[13:21]
    aad = record[3:11] + b"\x17\xfe\xfd\x00\x05"
    assert Ccm(KEYS[:16], b"").crypt(b"\x02" + nonce + bytes(3), aad, record[21:], 0) == b"hello"
    assert content(b, record) == (23, b"hello")


def test_a_record_with_a_cid_is_what_rfc_9146_says():
    a, b = ends(cid=b"CID")
    record = a.seal(23, b"hello")
    assert record[:11] == b"\x19\xfe\xfd\x00\x01" + bytes(6)
    assert record[11:14] == b"CID" and be(record[14:16]) == 8 + 6 + 8
    nonce = KEYS[32:36] + record[16:24]
    aad = b"\xff" * 8 + b"\x19\x03\x19\xfe\xfd\x00\x01" + bytes(6) + b"CID\x00\x06"
    assert (
        Ccm(KEYS[:16], b"").crypt(b"\x02" + nonce + bytes(3), aad, record[24:], 0) == b"hello\x17"
    )
    assert content(b, record, 3) == (23, b"hello")


def test_every_suite_seals_and_opens_with_and_without_cids():
    for suite, etm in ((CCM_8, False), (CCM, False), (CBC, True), (CBC, False)):
        for cid in (b"", b"1", bytes(32)):
            a, b = ends(cid, b"", suite, etm)
            for size in (0, 1, 15, 16, 31, 64, 1100):
                text = bytes([i & 255 for i in range(size)])
                record = a.seal(23, text)
                assert content(b, record, len(cid)) == (23, text), (suite, cid, size)
                record = b.seal(22, text)
                assert content(a, record) == (22, text)


def test_every_flipped_bit_is_noticed():
    for suite, etm in ((CCM_8, False), (CCM, False), (CBC, True), (CBC, False)):
        for cid in (b"", b"ID"):
            a, b = ends(cid, b"", suite, etm)
            record = bytearray(a.seal(23, b"text"))
            for i in range(3, len(record)):
                if 11 + len(cid) <= i < 13 + len(cid) or 11 <= i < 11 + len(cid):
                    continue  # the length and the CID are checked by who takes the record apart
                for bit in (1, 128):
                    record[i] ^= bit
                    assert content(b, bytes(record), len(cid)) is False, (suite, i)
                    record[i] ^= bit
            assert content(b, bytes(record), len(cid)) == (23, b"text")


def test_a_fragment_too_short_for_its_tag_is_none():
    for suite, etm in ((CCM_8, False), (CCM, False), (CBC, True), (CBC, False)):
        _, b = ends(b"", b"", suite, etm)
        for size in range(80):
            assert b.open(23, b"\x00\x01" + bytes(6), bytes(size)) is False, (suite, size)


def test_no_two_records_of_cbc_have_the_same_iv():
    for etm in (True, False):
        a, _ = ends(b"", b"", CBC, etm)
        texts = [a.seal(23, b"text") for _ in range(8)]
        assert len({text[13:29] for text in texts}) == 8
        assert len({text[29:45] for text in texts}) == 8


def test_a_wrong_padding_of_cbc_is_none_though_the_mac_is_right():
    from cryptolib import aes

    head = b"\x00\x01" + bytes(6) + b"\x17\xfe\xfd"
    for etm in (True, False):
        for tail, good in (
            (b"\x02\x02\x02", True),
            (b"\x00\x00\x02", False),
            (b"\x02\x03\x02", False),
            (b"\x01\x02\x02", False),
        ):
            a, b = ends(b"", b"", CBC, etm)
            text = b"thirteen byte"
            text = text if etm else text + a.out._mac(head, text)
            body = bytes(16) + aes(a.out.key, 2, bytes(16)).encrypt(text + tail)
            body = body + a.out._mac(head, body) if etm else body
            got = b.open(23, head[:8], body)
            assert got == ((23, b"thirteen byte") if good else False), (etm, tail)


def test_a_text_of_cbc_without_any_padding_is_none_though_the_mac_is_right():
    from cryptolib import aes

    head = b"\x00\x01" + bytes(6) + b"\x17\xfe\xfd"
    a, b = ends(b"", b"", CBC, False)
    text = b"of sixteen bytes"
    text += a.out._mac(head, text)
    assert text[-1] > 1
    assert b.open(23, head[:8], bytes(16) + aes(a.out.key, 2, bytes(16)).encrypt(text)) is False


def test_a_wrong_padding_of_cbc_without_etm_is_none():
    a, b = ends(b"", b"", CBC, False)
    from cryptolib import aes

    text = b"x" + a.out._mac(b"\x00\x01" + bytes(6) + b"\x17\xfe\xfd", b"x")
    for padding in (b"\x0e" * 14 + b"\x0d", b"\x01" * 15, b"\xff" * 15):
        body = bytes(16) + aes(a.out.key, 2, bytes(16)).encrypt(text + padding)
        assert b.open(23, b"\x00\x01" + bytes(6), body) is False


def test_zeros_after_a_texts_type_are_padding():
    core, server = shaken(client(cid=b"me"), cid=b"srv")
    assert core.input(server.send(b"padded"), 0) == [b"padded"]  # the server pads with three


def test_a_text_of_zeros_only_is_dropped():
    a, b = ends(cid=b"C")
    number = b"\x00\x01" + bytes(6)
    head = b"\xff" * 8 + b"\x19\x01\x19\xfe\xfd" + number + b"C"
    assert b.open(25, number, a.out.seal(b"", head, number, bytes(5))[2:]) is None


def test_a_record_is_taken_once_and_64_back_at_most():
    a, b = ends()
    sent = [a.seal(23, bytes([i])) for i in range(130)]
    for i in (0, 5, 3, 70, 7, 69, 71, 8):
        assert content(b, sent[i]) == (23, bytes([i])), i
    for i in (0, 5, 3, 70, 7, 69, 71, 8, 6, 2):
        assert content(b, sent[i]) is None, i
    for i in range(72, 130):
        assert content(b, sent[i]) == (23, bytes([i]))
    assert content(b, sent[66]) == (23, bytes([66]))
    assert content(b, sent[65]) is None  # out of the window


def test_a_leap_of_sequence_numbers_costs_nothing():
    a, b = ends()
    first = a.seal(23, b"1")
    a.seq = 0xFFFFFFFFFFF0
    assert content(b, a.seal(23, b"2")) == (23, b"2")
    assert bytes(b.window) == b"\0\0\0\0\0\0\1\0" and b.top == 0xFFFFFFFFFFF0
    assert content(b, first) is None


def test_the_window_agrees_with_a_list_of_what_was_seen():
    from virtual import Chance

    chance = Chance(9)
    a, b = ends()
    seen, top = set(), -1
    for _ in range(600):
        seq = max(0, top - 70 + chance.below(90 if chance.below(10) else 200))
        a.seq = seq
        fresh = seq > top - 64 and seq not in seen
        assert content(b, a.seal(23, b"x")) == ((23, b"x") if fresh else None), seq
        if fresh:
            seen.add(seq)
            top = max(top, seq)


def test_a_forged_record_does_not_move_the_window():
    a, b = ends()
    record = a.seal(23, b"1")
    assert b.open(23, b"\x00\x01\x00\x00\x00\xff\xff\xff", record[13:]) is False
    assert b.top == -1
    assert content(b, record) == (23, b"1")


def test_several_records_in_a_datagram_are_all_given():
    core, server = shaken()
    datagram = server.send(b"one", b"two", b"three")
    assert core.input(datagram, 0) == [b"one", b"two", b"three"]
    assert list(core.input(datagram, 0)) == []


def test_a_broken_record_does_not_take_its_neighbours_along():
    core, server = shaken()
    datagram = bytearray(server.send(b"one", b"two", b"three"))
    datagram[13 + 8 + 3 + 8 + 30] ^= 1
    assert core.input(bytes(datagram), 0) == [b"one", b"three"]


def test_a_datagram_that_ends_early_gives_what_is_whole():
    core, server = shaken()
    datagram = server.send(b"one", b"two")
    assert core.input(datagram[:-1], 0) == [b"one"]
    for size in range(20):
        assert list(core.input(datagram[:size], 0)) == []
    assert core.established


def test_with_our_own_cid_only_records_with_it_count():
    core, server = shaken(client(cid=b"mine"), cid=b"")
    datagram = server.send(b"text")
    assert records(datagram, 4)[0][0] == 25
    assert list(core.input(datagram[:11] + b"minf" + datagram[15:], 0)) == []
    server.theirs = b""
    assert list(core.input(server.send(b"plain"), 0)) == []
    assert core.input(datagram, 0) == [b"text"]


def test_without_our_own_cid_records_with_one_are_dropped():
    core, server = shaken(cid=b"srv")
    server.theirs = b"x"
    assert list(core.input(server.send(b"text"), 0)) == []
    server.theirs = b""
    assert core.input(server.send(b"text"), 0) == [b"text"]


def test_other_epochs_are_dropped():
    core, server = shaken()
    datagram = server.send(b"text")
    for epoch in (b"\x00\x00", b"\x00\x02", b"\x01\x01", b"\xff\xff"):
        assert list(core.input(datagram[:3] + epoch + datagram[5:], 0)) == []
    assert list(core.input(plain(23, b"text"), 0)) == []
    assert core.input(datagram, 0) == [b"text"]


def test_a_text_above_the_mtu_is_refused_and_one_below_it_fits():
    from virtual import raises

    core, server = shaken(client(mtu=300), cid=b"abcdef")
    raises(22, core.send, bytes(300 - 78 - 5), 0)
    assert not core.outbox
    core.send(bytes(300 - 78 - 6), 0)
    assert len(core.outbox[0]) <= 300


def test_too_many_wrong_tags_begin_a_fresh_handshake():
    core, server = shaken(client(bad_limit=100))
    datagram = bytearray(server.send(b"text"))
    datagram[-1] ^= 1
    for _ in range(99):
        core.input(bytes(datagram), 5)
    assert core.established
    core.input(bytes(datagram), 5)
    assert core.state == 1
    from dtls_peer import pump

    pump(core, server, 5)
    assert core.established


def test_used_up_keys_begin_a_fresh_handshake():
    from virtual import raises

    core, _ = shaken()
    core.records.seq = 0x800001
    raises(-1, core.send, b"text", 0)
    assert core.state == 1


def test_ten_thousand_forged_records_leave_a_session_alone():
    core, server = shaken()
    datagram = bytearray(server.send(b"text"))
    kept = bytes(datagram)
    for i in range(1000):  # host_only/test_dtls_fuzz.py has ten times as many
        datagram[5:11] = (i * 977 + 2).to_bytes(6, "big")
        assert list(core.input(bytes(datagram), i)) == []
    assert core.established and not core.outbox
    assert core.input(kept, 0) == [b"text"]
    core.send(b"still here", 0)
    server.input(core.outbox.pop())
    assert server.got == [b"still here"]


def test_a_cid_of_any_length_names_us_to_the_server():
    for size in (0, 1, 6, 20, 32):
        cid = bytes([255 - i for i in range(size)])
        core, server = shaken(server=Server(cid=cid))
        core.send(b"text", 0)
        record = core.outbox.pop()
        assert record[0] == (25 if size else 23)
        server.input(record)
        assert server.got == [b"text"]
        assert core.input(server.send(b"back"), 0) == [b"back"]
