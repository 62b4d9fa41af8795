"""The UDP transport over a scripted `socket`: the server's addresses, in turn; what is freed."""

import errno
import sys

from virtual import text_of

from coap.udp import Udp

A, B, C = ((2, 2, 17, "", (name, 5683)) for name in "abc")


class Account:
    address = None
    elsewhere = False


class Socket:
    """A module and its sockets in one: notes what is descriptors, connected and closed."""

    SOCK_DGRAM = 2

    def __init__(self, *found):
        self.found = found
        self.refused = ()  # addresses that cannot be connected to
        self.descriptors = 0
        self.connected = []
        self.blocking = True
        self.fault = None

    def getaddrinfo(self, host, port, family, kind):
        if not self.found:
            raise OSError(-2, "")
        return list(self.found)

    def socket(self, family, kind):
        self.descriptors += 1
        return self

    def setblocking(self, flag):
        self.blocking = flag

    def connect(self, address):
        if address[0] in self.refused:
            raise OSError(101, "")
        self.connected.append(address[0])

    def recv(self, size):
        raise self.fault

    def close(self):
        self.descriptors -= 1


def dial(module, account=None):
    """An Udp of the scripted module."""
    real = sys.modules.get("socket")
    sys.modules["socket"] = module
    try:
        return Udp("h", 5683, account)
    finally:
        if real is None:
            del sys.modules["socket"]
        else:
            sys.modules["socket"] = real


def tried(module, account, *elsewhere):
    """Where the attempts go, each after a loss or not."""
    for flag in elsewhere:
        account.elsewhere = flag
        dial(module, account)
    return "".join(module.connected)


def test_all_addresses_are_tried_in_turn_and_the_one_that_works_is_kept():
    assert tried(Socket(A, B, C), Account(), False, True, True, False, False) == "abccc"
    assert tried(Socket(A, B), Account(), False, True, True, True) == "abab"


def test_the_address_that_works_is_kept_where_the_look_up_turns_them_round():
    module, account = Socket(A, B, C), Account()
    tried(module, account, False, True)
    module.found = (C, A, B)
    assert tried(module, account, False) == "abb"
    module.found = (A, C)
    assert tried(module, account, False) == "abba"  # it is no more


def test_the_address_that_worked_serves_while_names_are_not_resolved():
    module, account = Socket(A, B), Account()
    tried(module, account, False, True)
    module.found = ()
    assert tried(module, account, False, True) == "abbb"
    assert text_of(OSError, dial, module) and text_of(OSError, dial, module, Account())


def test_a_connect_that_fails_closes_its_descriptor_and_the_next_address_follows():
    module, account = Socket(A, B), Account()
    module.refused = "a"
    assert text_of(OSError, dial, module, account)
    assert module.descriptors == 0
    assert tried(module, account, True) == "b" and module.descriptors == 1


def test_a_socket_does_not_block():
    module = Socket(A)
    dial(module)
    assert module.blocking is False


def test_a_refusal_is_an_empty_datagram_and_nothing_is_none():
    module = Socket(A)
    transport = dial(module)
    module.fault = OSError(errno.ECONNREFUSED, "")
    assert transport.recv() == b""
    module.fault = OSError(errno.EAGAIN, "")
    assert transport.recv() is None
    module.fault = OSError(errno.EIO, "")
    assert text_of(OSError, transport.recv)
