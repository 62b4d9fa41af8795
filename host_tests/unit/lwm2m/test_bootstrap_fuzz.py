"""What a bootstrap server sends at random, and what of the device outlives it."""

from bootstrapping import Bench, bare_model, security, server, with_server
from virtual import ACK, DELETE, FETCH, GET, POST, PUT, Chance, request

from lwm2m.account import accounts

BODIES = (
    security("coap://new", 1),
    server(1),
    security("coaps://h", 2, b"me", bytes(16)),
    b"",
    b"5",
    b'[{"bn":"/1/3/","n":"0","v":7},{"n":"1","v":300}]',
    b'[{"n":"/0/0/1","vb":true},{"n":"/0/0/0","vs":"coap://x"}]',
    b'[{"n":"/1/0/0","vs":"x"},{"n":"/1/0/1","v":1e400}]',
    b'[{"n":"/0/1/12","v":-5}]',
    b"\xa1\x03\xa1\x00\x07",
    b"\xa1\x00\xa0",
)
PATHS = (
    "0",
    "1",
    "0/0",
    "0/1",
    "1/0",
    "1/5",
    "3",
    "3/0",
    "3/0/14",
    "3/0/4",
    "3/0/11/0",
    "3/0/13",
    "16",
    "16/0",
    "16/0/0",
    "16/0/0/1",
    "1/0/0",
    "0/0/1",
    "0/0/5",
    "0/0/16",
    "0/1/16/0",
    "1/0/7",
    "1/0/16",
    "1/0/4",
    "",
    "x",
    "65535",
    "0/65535",
    "65534/1",
    "2",
    "21/0",
    "5/0/1",
    "0/0/0/0/0",
)
FORMATS = (0, 42, 60, 110, 112, 11542, 11543, 11544, 40, 999)
CODES = (PUT, PUT, PUT, PUT, DELETE, DELETE, GET, POST, FETCH, 7)


class Attempt:
    """A bench whose server draws what it does."""

    def __init__(self, seed):
        self.chance = Chance(seed)
        model = bare_model(iid=self.draw(3))
        if self.draw(2):
            with_server(model)
        version = ("1.0", "1.1")[self.draw(2)]
        self.bench = Bench(model, version, keys_allowed=bool(self.draw(2)))
        self.bench.core.requested(0)
        self.bench.service()

    def draw(self, n):
        return int.from_bytes(self.chance(2), "big") % n

    def operate(self):
        """One operation; the code of its answer."""
        code, path = CODES[self.draw(len(CODES))], PATHS[self.draw(len(PATHS))]
        body = BODIES[self.draw(len(BODIES))]
        if body and not self.draw(3):
            i = self.draw(len(body))
            body = body[:i] + bytes((self.draw(256),)) + body[i + 1 :]
        number = FORMATS[self.draw(len(FORMATS))]
        options = [(12, number)] if code == PUT else [(17, number)]
        if not self.draw(20):
            code, path, options, body = POST, "bs", [], b""
        bench = self.bench
        bench.mid += 1
        sent = bench.give(request(code, bench.mid, path, options, body))
        return [one[1] for one in sent if one[0] == ACK]

    def happen(self):
        """What else may happen between two of them."""
        bench = self.bench
        chance = self.draw(30)
        if chance == 0:
            bench.core.settled(bench.now)
        elif chance == 1:
            for account in accounts(bench.model)[:1]:
                bench.core.given_up(type("Registration", (), {"account": account}), bench.now)
        elif chance < 4:
            bench.run(bench.now + self.draw(300) * 1000)
        bench.service()


def test_nothing_that_a_server_sends_costs_the_account_or_makes_half_a_server():
    codes = {}
    for seed in range(60):
        attempt = Attempt(seed)
        model = attempt.bench.model
        for _ in range(60):
            for code in attempt.operate():
                codes[code] = codes.get(code, 0) + 1
                assert code < 0xA0, seed  # a fault of ours
            attempt.happen()
            account = attempt.bench.account
            assert account.exists(), seed
            securities = list(model.object(0).instances.values())
            assert [one for one in securities if one.get(1)] == [account.security], seed
            servers = len(model.object(1).instances)
            assert len(accounts(model)) == servers == len(securities) - 1, seed
    assert {0x42, 0x44, 0x45, 0x80, 0x84, 0x85, 0x86, 0x8F} <= set(codes), codes
