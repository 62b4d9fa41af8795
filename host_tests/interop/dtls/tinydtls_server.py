"""tinydtls as an echo server that shouts: `tinydtls_server.py PORT IDENTITY KEY`.

It is the one in DTLSSocket, a wrapper for Python. CCM_8 only, no resumption.
"""

import socket
import sys

from DTLSSocket import dtls


def main(port, identity, key):
    """Serve until killed."""
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.bind(("::ffff:127.0.0.1", port))
    udp.settimeout(0.1)
    heard = []

    def read(address, data):
        heard.append((address, bytes(data)))
        return len(data)

    def write(address, data):
        return udp.sendto(data, address)

    def event(level, code):
        print("event", level, code, flush=True)

    server = dtls.DTLS(
        read=read, write=write, event=event, pskId=identity, pskStore={identity: key}
    )
    print("ACCEPT", flush=True)
    while True:
        try:
            datagram, address = udp.recvfrom(2048)
        except TimeoutError:
            server.checkRetransmit()
            continue
        server.handleMessageAddr(address[0], address[1], datagram)
        while heard:
            address, data = heard.pop(0)
            print("heard", data.decode(), flush=True)
            server.write(dtls.Session(address[0], address[1], 0, 0), data.upper())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2].encode(), bytes.fromhex(sys.argv[3]))
