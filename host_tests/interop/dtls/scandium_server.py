"""Californium's Scandium as an echo server that shouts.

`scandium_server.py PORT CID IDENTITY KEY SUITE...`: CID is the length of its Connection IDs, with
0 it uses none. It prints what it hears.
"""

import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[3]))

from tools.devserver.engines.leshan import jars  # noqa: E402


def main(port, cid, identity, key, suites):
    """Serve until killed."""
    jars.start_jvm(None)
    import jpype
    import jpype.imports
    from java.net import InetSocketAddress
    from java.util import ArrayList
    from javax.crypto.spec import SecretKeySpec
    from org.eclipse.californium.elements import RawData
    from org.eclipse.californium.elements.config import Configuration
    from org.eclipse.californium.scandium import DTLSConnector
    from org.eclipse.californium.scandium.config import DtlsConfig, DtlsConnectorConfig
    from org.eclipse.californium.scandium.dtls import SingleNodeConnectionIdGenerator
    from org.eclipse.californium.scandium.dtls.cipher import CipherSuite
    from org.eclipse.californium.scandium.dtls.pskstore import SinglePskStore

    DtlsConfig.register()
    configuration = Configuration()
    builder = DtlsConnectorConfig.builder(configuration)
    builder.set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.SERVER_ONLY)
    builder.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, jpype.java.lang.Boolean(False))
    chosen = ArrayList()
    for suite in suites:
        chosen.add(CipherSuite.getTypeByCode(suite))
    builder.set(DtlsConfig.DTLS_CIPHER_SUITES, chosen)
    builder.setAddress(InetSocketAddress("127.0.0.1", port))
    builder.setPskStore(SinglePskStore(identity, SecretKeySpec(key, "PSK")))
    builder.setConnectionIdGenerator(SingleNodeConnectionIdGenerator(cid))
    connector = DTLSConnector(builder.build())

    @jpype.JImplements("org.eclipse.californium.elements.RawDataChannel")
    class Shout:
        @jpype.JOverride
        def receiveData(self, raw):  # noqa: N802 Java's name
            text = bytes(raw.getBytes())
            print("heard", text.decode(), flush=True)
            answer = jpype.JArray(jpype.JByte)(text.upper())
            connector.send(RawData.outbound(answer, raw.getEndpointContext(), None, False))

    connector.setRawDataReceiver(Shout())
    connector.start()
    print("ACCEPT", flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        int(sys.argv[2]),
        sys.argv[3],
        bytes.fromhex(sys.argv[4]),
        [int(one) for one in sys.argv[5:]],
    )
