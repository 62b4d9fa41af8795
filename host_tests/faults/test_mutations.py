"""100,000 mutated messages from the registered address: nothing ends or breaks the RFC."""

import json
import time

import aiocoap
import pytest
from mutate import attack
from port import on_port

COUNT = 100000
SEED = 1
CON, NON, ACK, RST = 0, 1, 2, 3
BLOCK = {0x5F, 0x88, 0x8D}  # to a block-wise body, or to a block out of turn
COAP = {0x80, 0x82, 0x8C, 0xA3, 0xA5}  # bad request, option, precondition; forgotten; no proxy
REFUSED = {0x81, 0x84, 0x85}
BY_METHOD = {
    1: {0x45, 0x86},
    2: {0x41, 0x44, 0x8F},
    3: {0x44, 0x8F},
    4: {0x42},
    5: {0x45, 0x86, 0x8F},  # FETCH and iPATCH, RFC 8132
    7: {0x44, 0x8F},
}
OWN_PATHS = ({("rd",)}, {("rd", "x"), ("rd", "abc")})  # Register; Update and De-register


class AnswerCheck:
    """Is what the device sends because of a datagram what RFC 7252 and LwM2M allow?"""

    def __init__(self):
        self.answers = {}  # Message ID -> all that was ever answered to it
        self.slowest = 0
        self.seen = {}
        self.started = time.perf_counter()

    def __call__(self, datagram, sent):
        """Check one datagram's answers by a decoder that is not ours."""
        answered = 0
        for one in sent:
            out = aiocoap.Message.decode(one)
            if out.code.is_request():
                assert out.mtype == CON
                assert any(tuple(out.opt.uri_path) in paths for paths in OWN_PATHS), one.hex()
                continue
            answered += 1
            self.check(datagram, one, out)
            self.seen[int(out.code)] = self.seen.get(int(out.code), 0) + 1
        assert answered <= 1, (datagram.hex(), [one.hex() for one in sent])
        now = time.perf_counter()
        self.slowest = max(self.slowest, now - self.started)
        self.started = now

    def check(self, datagram, raw, out):
        about = "%s -> %s" % (datagram.hex(), raw.hex())
        assert len(datagram) >= 4 and datagram[0] >> 6 == 1, about
        kind = datagram[0] >> 4 & 3
        mid = datagram[2] << 8 | datagram[3]
        assert kind in (CON, NON), about  # never to an acknowledgement or a reset
        if out.mtype in (RST, ACK):
            assert kind == CON and out.mid == mid, about
        else:
            assert kind == NON and out.mtype == NON, about
        if int(out.code) == 0:
            assert out.mtype in (RST, ACK) and len(raw) == 4, about
            return
        if raw in self.answers.get(mid, ()):  # a repeat, recognised by its Message ID
            return
        self.answers.setdefault(mid, set()).add(raw)
        length = datagram[0] & 15
        assert out.token == datagram[4 : 4 + length] and length < 9, about
        assert 0 < datagram[1] < 32, about
        allowed = BY_METHOD.get(datagram[1], set()) | COAP | REFUSED
        try:
            options = aiocoap.Message.decode(datagram).opt
            blockwise = options.block1 is not None or options.block2 is not None
        except (ValueError, aiocoap.error.Error):  # a text that is no UTF-8: it refuses the whole
            blockwise = True
        if blockwise:
            allowed = allowed | BLOCK
        assert int(out.code) in allowed, about


def test_mutated_messages_are_answered_as_the_rfc_allows_and_alike_inside_micropython():
    digests = []
    answers = AnswerCheck()
    attack(COUNT, SEED, answers, note=lambda number, digest: digests.append(digest))
    assert len(digests) == COUNT // 10000
    assert answers.slowest < 2
    assert answers.seen[0x45] > 1000 and answers.seen[0x44] > 500  # the corpus reaches them
    ran = on_port(["host_tests/faults/attack_on_port.py", COUNT, SEED])
    assert ran.returncode == 0, ran.stderr
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row[1] for row in rows] == digests
    memory = [row[2] for row in rows]
    assert max(memory) - min(memory) < 16384, memory  # what is kept of a peer, no more
    assert max(row[3] for row in rows) < 1000000


@pytest.mark.parametrize("seed", [2, 3])
def test_other_corpora_are_answered_as_the_rfc_allows(seed):
    answers = AnswerCheck()
    attack(10000, seed, answers)
    assert answers.seen[0x45] > 100
