"""coaps: DTLS with a pre-shared key for the accounts of Object 0, over the plain transport."""

from dtls.client import Dtls
from dtls.record import DtlsError
from dtls.transport import DtlsTransport

# Resources of Object 0
_URI = 0
_IDENTITY = 3
_KEY = 5
_SUITES = 16


class Psk:
    """Dials servers by DTLS. One session an account outlives its transports, to be resumed."""

    def __init__(self, client, log, settings: dict):
        """`settings` are attributes of `Dtls` to set: first_timeout, mtu..."""
        self.client = client
        self.log = log
        self.settings = settings
        self.sessions = {}

    def __call__(self, host: str, port: int, account: dict):
        """The transport to a server, its handshake begun. May raise OSError or ValueError."""
        core = self.sessions.get(account[_URI])
        if core is None:
            suites = account.get(_SUITES)
            try:
                core = Dtls(account[_IDENTITY], account[_KEY])
            except DtlsError:
                raise ValueError("identity or key")
            if suites:
                core.suites = tuple(suites.values())
            if self.log:
                core.log = self.log
            for name, value in self.settings.items():
                setattr(core, name, value)
            self.sessions[account[_URI]] = core
        lower = self.client.transports["coap"](host, port, account)
        transport = DtlsTransport(lower, core, self.client.clock)
        transport.connect()
        return transport
