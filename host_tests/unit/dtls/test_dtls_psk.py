"""The dialer: a session per account, what ends it, what it takes along over a sleep."""

from dtls_peer import CCM, IDENTITY, KEY, Server, message, plain
from dtls_store import Store
from test_dtls_transport import Clock, Lower, received

from dtls.psk import PskDialer


class Account:
    """What the dialer reads of an account, and keeps with it."""

    session = None
    witness = b""
    slept = 0
    uri = "coaps://127.0.0.1"

    def __init__(self, identity=IDENTITY, key=KEY, suites=None):
        self.identity = identity
        self.key = key
        self.suites = suites


class Client:
    """A clock, and a plain transport to a scripted server."""

    def __init__(self, server):
        self.clock = Clock()
        self.transports = {"coap": lambda host, port, account: Lower(server)}


def dialer(server, **settings):
    """A dialer to a server, with a store for each account."""
    stores = {}
    return PskDialer(
        Client(server), None, settings, lambda account: stores.setdefault(id(account), Store())
    )


def dialled(dial, account):
    """An established transport of an account."""
    transport = dial("host", 5684, account)
    received(transport)
    assert transport.established
    return transport


def test_an_account_resumes_its_session_at_the_next_dialling():
    dial, account = dialer(Server()), Account()
    dialled(dial, account).close()
    transport = dialled(dial, account)
    assert transport.resumed and transport.contexts == 1


def test_accounts_of_one_uri_have_sessions_and_keys_of_their_own():
    first, second = Server(), Server(b"other key", b"other")
    one, two = Account(), Account(b"other", b"other key")
    dialled(dialer(first), one).close()
    transport = dialled(dialer(second), two)
    assert second.named == b"other" and not transport.resumed
    transport.close()
    assert dialled(dialer(first), one).resumed
    assert one.session is not two.session


def test_two_accounts_of_one_uri_and_one_dialer():
    server = Server()
    dial = dialer(server)
    one, two = Account(), Account(b"other", b"other key")
    dialled(dial, one).close()
    server.key, server.identity = b"other key", b"other"
    assert not dialled(dial, two).resumed and server.named == b"other"


def test_another_key_identity_or_suite_ends_the_session_of_an_account():
    for name, value in (
        ("key", b"another key"),
        ("identity", b"another"),
        ("suites", {0: CCM}),
    ):
        server = Server()
        dial, account = dialer(server), Account()
        dialled(dial, account).close()
        setattr(account, name, value)
        if name == "suites":
            server.suite = CCM
        else:
            setattr(server, name, value)
        transport = dialled(dial, account)
        assert not transport.resumed, name
        assert transport.contexts == 2, "the server would get an Update"
        transport.close()
        assert dialled(dial, account).resumed


def test_a_key_that_cannot_be_used_is_a_value_error():
    for account in (Account(key=b""), Account(identity=bytes(129))):
        try:
            dialer(Server())("host", 5684, account)
        except ValueError:
            continue
        raise AssertionError("dialled")


def test_the_settings_are_those_of_the_session():
    account = Account()
    transport = dialled(dialer(Server(), mtu=300, max_age=60), account)
    assert transport.mtu == 300 and transport.deadline == 60000


def test_a_session_that_slept_goes_on_and_is_older():
    dial, account = dialer(Server(), max_age=60), Account()
    account.witness = dialled(dial, account).export()
    account.session = None  # the device was off
    account.slept = 50000
    transport = dial("host", 5684, account)
    assert transport.established and not transport.core.outbox and not account.witness
    assert transport.deadline == 10000
    transport.close()
    transport = dialled(dial, account)
    assert transport.resumed and transport.deadline == 10000, "it became younger"


def full(size):
    """Chance while the heap is full."""
    raise MemoryError


def fails_for_want_of_memory(core, function, *arguments):
    """Call it while the heap is full."""
    chance, core.random = core.random, full
    try:
        function(*arguments)
        raise AssertionError("nothing raised")
    except MemoryError:
        core.random = chance


def test_a_heap_that_is_full_as_it_dials_costs_no_socket():
    server, account, lowers = Server(), Account(), []
    dial = dialer(server)
    dialled(dial, account).close()
    make = dial.client.transports["coap"]

    def counted(host, port, account):
        lowers.append(make(host, port, account))
        return lowers[-1]

    dial.client.transports["coap"] = counted
    core = account.session
    fails_for_want_of_memory(core, dial, "host", 5684, account)
    assert lowers[0].closed and core.state == 0
    assert dialled(dial, account).resumed


def test_a_heap_that_is_full_as_a_session_ends_by_its_age_leaves_none_half_begun():
    transport = dialled(dialer(Server()), Account())
    core = transport.core
    now = core.expires
    fails_for_want_of_memory(core, core.poll, now)
    core.input(plain(22, message(3, bytes(3), 0)), now)
    transport.send(b"\x40data")
    received(transport)
    assert transport.established
