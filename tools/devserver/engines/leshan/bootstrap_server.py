"""Leshan's bootstrap server as a library. Import it only once its JVM runs (bootstrap.py)."""

from collections.abc import Callable

import jpype
import jpype.imports
from java.net import InetSocketAddress
from org.eclipse.leshan.core import SecurityMode
from org.eclipse.leshan.core.endpoint import Protocol
from org.eclipse.leshan.server.bootstrap import (
    BootstrapConfig,
    BootstrapSessionListener,
    InMemoryBootstrapConfigStore,
    LeshanBootstrapServerBuilder,
)
from org.eclipse.leshan.server.californium.bootstrap.endpoint import (
    CaliforniumBootstrapServerEndpointsProvider,
)
from org.eclipse.leshan.server.californium.bootstrap.endpoint.coap import (
    CoapBootstrapServerProtocolProvider,
)
from org.eclipse.leshan.server.californium.bootstrap.endpoint.coaps import (
    CoapsBootstrapServerProtocolProvider,
)
from org.eclipse.leshan.server.security import (
    BootstrapSecurityStoreAdapter,
    InMemorySecurityStore,
    SecurityInfo,
)

LIFETIME = 300  # seconds


@jpype.JImplements(BootstrapSessionListener)
class Sessions:
    """Tells what happens, without keys: of a request its class and path."""

    def __init__(self, emit: Callable[[dict], None]) -> None:
        self.emit = emit

    def _report(self, event: str, session, **facts: object) -> None:
        self.emit({"event": event, "endpoint": str(session.getEndpoint()), **facts})

    @jpype.JOverride
    def sessionInitiated(self, request, client):
        form = request.getPreferredContentFormat()
        name = str(request.getEndpointName())
        self.emit({"event": "requested", "endpoint": name, "format": form and int(form.getCode())})

    @jpype.JOverride
    def unAuthorized(self, request, client):
        self.emit({"event": "unauthorized", "endpoint": str(request.getEndpointName())})

    @jpype.JOverride
    def authorized(self, session):
        pass

    @jpype.JOverride
    def noConfig(self, session):
        self._report("unknown", session)

    @jpype.JOverride
    def sendRequest(self, session, request):
        kind = str(request.getClass().getSimpleName())
        path = getattr(request, "getPath", None)
        self._report("sent", session, request=kind, path=str(path and path() or ""))

    @jpype.JOverride
    def onResponseSuccess(self, session, request, response):
        self._report("answered", session, code=str(response.getCode()))

    @jpype.JOverride
    def onResponseError(self, session, request, response):
        self._report("refused", session, code=str(response.getCode()))

    @jpype.JOverride
    def onRequestFailure(self, session, request, cause):
        self._report("unanswered", session)

    @jpype.JOverride
    def end(self, session):
        self._report("finished", session)

    @jpype.JOverride
    def failed(self, session, cause):
        self._report("failed", session, cause=str(cause))


class BootstrapServer:
    """One bootstrap server; `emit` gets its events on any thread."""

    def __init__(self, host: str, port: int, emit: Callable[[dict], None]) -> None:
        self.configurations = InMemoryBootstrapConfigStore()
        self.keys = InMemorySecurityStore()
        builder = LeshanBootstrapServerBuilder()
        builder.setConfigStore(self.configurations)
        builder.setSecurityStore(BootstrapSecurityStoreAdapter(self.keys))
        endpoints = CaliforniumBootstrapServerEndpointsProvider.Builder(
            CoapBootstrapServerProtocolProvider(), CoapsBootstrapServerProtocolProvider()
        )
        endpoints.setConfiguration(endpoints.createDefaultConfiguration())
        coaps_port = port + 1 if port else 0
        endpoints.addEndpoint(InetSocketAddress(host, port), Protocol.COAP)
        endpoints.addEndpoint(InetSocketAddress(host, coaps_port), Protocol.COAPS)
        builder.setEndpointsProviders(endpoints.build())
        self.server = builder.build()
        self.server.addListener(Sessions(emit))

    def start(self) -> None:
        """Bind and serve."""
        self.server.start()

    def stop(self) -> None:
        """Release ports and threads."""
        self.server.destroy()

    def addresses(self) -> dict[str, str]:
        """The URIs by their scheme."""
        uris = [str(endpoint.getURI()) for endpoint in self.server.getEndpoints()]
        return {uri.partition(":")[0]: uri for uri in uris}

    def set(self, command: dict) -> None:
        """Give a client its configuration, and its key at this server, see bootstrap.py."""
        endpoint = command["endpoint"]
        config = BootstrapConfig()
        for path in command.get("delete", ()):
            config.toDelete.add(path)
        config.autoIdForSecurityObject = bool(command.get("discover"))
        for number, server in enumerate(command["servers"]):
            iid = jpype.JInt(server.get("iid", number))
            config.security.put(jpype.JInt(server.get("security_iid", number)), _security(server))
            config.servers.put(iid, _settings(server))
        self.configurations.remove(endpoint)  # if it is there
        self.configurations.add(endpoint, config)
        if "key" in command:
            self.keys.remove(endpoint, False)
            identity = command.get("identity", endpoint)
            key = bytes.fromhex(command["key"])
            self.keys.add(SecurityInfo.newPreSharedKeyInfo(endpoint, identity, key))


def _security(server: dict):
    account = BootstrapConfig.ServerSecurity()
    account.uri = server["uri"]
    account.bootstrapServer = False
    account.serverId = jpype.JInt(server["ssid"])
    account.securityMode = SecurityMode.NO_SEC
    if "key" in server:
        account.securityMode = SecurityMode.PSK
        account.publicKeyOrId = server["identity"].encode()
        account.secretKey = bytes.fromhex(server["key"])
    return account


def _settings(server: dict):
    settings = BootstrapConfig.ServerConfig()
    settings.shortId = server["ssid"]
    settings.lifetime = server.get("lifetime", LIFETIME)
    return settings
