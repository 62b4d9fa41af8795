"""What DTLS costs on an emulated RP2040: guest CPU and heap of 32 bits.

3 ms for a record of 64 bytes to the server, with its CID, and one from it; 60 ms for a full
handshake; 6 KiB of heap for a session. The server's datagrams were made on the host, for a client
of the same random numbers.
"""

import json

from dtls_peer import IDENTITY, KEY, Server, client
from tools.emulator import Board
from tools.image.compiler import ROOT, compile_module

PAIR_US = 3000
SHAKE_US = 60000
HEAP_B = 6144
CID = b"12345678"

GUEST = """
import gc, time
from dtls.client import Dtls
from dtls import handshake
from dtls.crypto import Ccm
from dtls.record import Records
nonce, datagrams = %r
text = bytes(64)
a = Records(Ccm(bytes(16), b"salt"), None, %r)
b = Records(None, Ccm(bytes(16), b"salt"))
theirs = Records(Ccm(bytes(16), b"salt"), None)
def pair():
    there = theirs.seal(23, text)
    gc.collect()
    begun = time.ticks_us()
    record = a.seal(23, text)
    found = b.open(there[0], there[3:11], there[13:])
    took = time.ticks_diff(time.ticks_us(), begun)
    assert found == (23, text)
    return took
pairs = [pair() for _ in range(4)]
a = b = theirs = None
def heap():
    gc.collect()
    return gc.mem_alloc()
def shake(datagrams, heaps):
    empty = heap()
    core = Dtls(%r, %r, lambda size: nonce)
    took = 0
    for step in [None] + datagrams:
        gc.collect()
        begun = time.ticks_us()
        if step is None:
            core.connect(0)
        else:
            core.input(step, 0)
        took += time.ticks_diff(time.ticks_us(), begun)
        heaps.append(heap() - empty)
        core.outbox.clear()
    return took, core.established
heaps = []
shake(datagrams, [])
took, good = shake(datagrams, heaps)
import json
print(json.dumps([pairs, took, good, heaps]))
"""


def recorded():
    """(the client's random, the server's datagrams) of a handshake."""
    core, server = client(), Server(cid=CID)
    core.connect(0)
    nonce, found = core._shake.nonce, []
    while core.outbox:
        for datagram in core.outbox:
            server.input(datagram)
        core.outbox.clear()
        for datagram in server.outbox:
            found.append(bytes(datagram))
            core.input(found[-1], 0)
        server.outbox.clear()
    assert core.established and len(found) == 3
    return bytes(nonce), found


def files():
    """lib/dtls, compiled."""
    names = sorted(path.name for path in (ROOT / "lib/dtls").glob("*.py"))
    return {
        "lib/dtls/%s.mpy" % name[:-3]: compile_module(ROOT / "lib/dtls" / name, "dtls/" + name)
        for name in names
    }


def test_what_dtls_costs_on_a_board():
    with Board(files()) as board:
        said = board.run(GUEST % (recorded(), CID, IDENTITY, KEY))
    pairs, took, good, heaps = json.loads(said.strip().splitlines()[-1])
    print("pair %s us, handshake %d us, heap %s B" % (pairs, took, heaps))
    assert good
    assert min(pairs) <= PAIR_US, pairs
    assert took <= SHAKE_US, took
    assert max(heaps) <= HEAP_B, heaps
