"""coaps: DTLS with a pre-shared key for the accounts of Object 0, over the plain transport."""

from micropython import const

from dtls.client import Dtls
from dtls.record import DtlsError
from dtls.transport import DtlsTransport

_MANDATORY_SUITE = const(0xC0A8)


class PskDialer:
    """Dials servers by DTLS. The session of an account outlives its transports, to be resumed."""

    def __init__(self, client, log, settings: dict, store=None):
        """`settings` are attributes of `Dtls` to set: first_timeout, mtu...

        `store(account)` is where the session with a server outlives a sleep, see `Dtls.export`;
        with the setting `reserve` a power cut, too.
        """
        self.client = client
        self.log = log
        self.settings = settings
        self.store = store

    def __call__(self, host: str, port: int, account):
        """The transport to a server, its handshake begun. May raise OSError or ValueError."""
        core = account.session
        now = self.client.clock.now()
        identity = account.identity
        key = account.key
        suites = account.suites
        suites = tuple(suites.values()) if suites else (_MANDATORY_SUITE,)
        if core is None or (core.identity, core.key, core.suites) != (identity, key, suites):
            contexts = core.contexts if core else 0
            try:
                store = self.store and self.store(account)
                core = Dtls(identity, key, suites=suites, store=store, log=self.log)
            except DtlsError:
                raise ValueError("identity or key")
            core.contexts = contexts
            for name, value in self.settings.items():
                setattr(core, name, value)
            account.session = core
        lower = self.client.transports["coap"](host, port, account)
        try:
            transport = DtlsTransport(lower, core, self.client.clock)
            if not (core.store and core.restore(account.witness, now, account.slept)):
                transport.connect()
        except Exception:  # a full heap: a modem has few sockets
            lower.close()
            raise
        account.witness = b""
        return transport
