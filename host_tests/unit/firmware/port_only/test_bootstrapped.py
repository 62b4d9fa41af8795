"""The application with a bootstrap server: what is stored when."""

from bootstrapping import TLV, security, server
from counted import counting
from firmware import app, state
from firmware.config import settings as config
from folders import emptied
from virtual import ACK, DELETE, POST, PUT, Chance, drain, parts, request

from coap.message import encode
from coap.peer import Peer
from lwm2m.account import accounts
from lwm2m.client import Client

ACCOUNT = {"uri": "coap://127.0.0.1:1", "account_timeout": 60}
FOLDER = "build/tmp-bootstrapped-state"


def quiet(*event):
    pass


def built(settings, board=None):
    """The client of a configuration."""
    return app.build(config.check(settings), quiet, board or counting())[0]


class Restart:
    """A start of the meter: its State and its client."""

    def __init__(self, stored=True):
        self.state = state.State(FOLDER, 1, quiet)
        self.board = counting(state=self.state) if stored else counting()
        self.client = built({"bootstrap": ACCOUNT}, self.board)
        self.now = 0
        self.mid = 0

    def began(self):
        """A server has registered it, where nothing was stored yet."""
        self.board["state"] = self.state
        self.state.begin(self.client)

    def poll(self):
        """As the meter's program does each second, for a while."""
        for _ in range(10):
            self.now += 10000
            self.state.poll(self.now)

    def ask(self, code, path, body=b""):
        self.mid += 1
        session = self.client.bootstrap.core
        session.input(request(code, self.mid, path, TLV if body else (), body), self.now)
        return drain(session)[-1][1]

    def bootstrap(self, uri):
        """Have an account written."""
        session = self.client.bootstrap.core
        session.begin(self.now, 0, True)
        session.poll(self.now + 10**6)
        session.connected(Peer(self.client.bootstrap.management, Chance(3)), self.now)
        asked = parts(session.outbox[-1])
        session.input(bytes(encode(ACK, 0x44, asked[2], asked[3])), self.now)
        session.outbox.clear()
        assert self.ask(DELETE, "0") == self.ask(DELETE, "1") == 0x42
        assert self.ask(PUT, "0/0", security(uri, 1)) == 0x44
        assert self.ask(PUT, "1/0", server(1)) == 0x44
        assert self.ask(POST, "bs") == 0x44

    def uris(self):
        return [account.uri for account in accounts(self.client.model)]


def test_without_a_bootstrap_server_there_is_no_trigger():
    client = built({})
    assert type(client) is Client and 9 not in client.model.object(1).instances[0]


def test_accounts_on_trial_are_not_stored_and_good_ones_are():
    emptied(FOLDER)
    first = Restart()
    assert first.uris() == []
    first.poll()
    first.bootstrap("coap://127.0.0.1:2")
    first.poll()
    assert first.uris() == ["coap://127.0.0.1:2"] and Restart().uris() == []  # power was cut
    first.client.bootstrap.core.settled(first.now)
    first.poll()
    second = Restart()
    assert second.uris() == ["coap://127.0.0.1:2"]
    assert second.client.bootstrap.core.state == 0
    second.bootstrap("coap://127.0.0.1:3")
    second.poll()
    assert Restart().uris() == ["coap://127.0.0.1:2"]


def test_a_purged_account_stays_away():
    emptied(FOLDER)
    first = Restart()
    first.bootstrap("coap://127.0.0.1:2")
    session = first.client.bootstrap.core
    session.settled(first.now)
    session.poll(session.ends_at)
    assert list(first.client.model.object(0).instances) == [0]
    first.poll()
    second = Restart()
    assert type(second.client) is Client and second.uris() == ["coap://127.0.0.1:2"]
    emptied(FOLDER)


def test_accounts_on_trial_are_not_stored_by_a_state_that_came_later():
    """Nothing is stored before the first registration: there is no State until then."""
    emptied(FOLDER)
    first = Restart(False)
    first.bootstrap("coap://127.0.0.1:2")
    session = first.client.bootstrap.core
    session.settled(first.now)
    first.began()
    first.poll()
    assert Restart().uris() == ["coap://127.0.0.1:2"]
    first.bootstrap("coap://127.0.0.1:3")
    first.poll()
    assert Restart().uris() == ["coap://127.0.0.1:2"]
    session.settled(first.now)
    first.poll()
    assert Restart().uris() == ["coap://127.0.0.1:3"]
