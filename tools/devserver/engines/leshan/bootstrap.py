"""`python -m tools.devserver.engines.leshan.bootstrap`: Leshan's bootstrap server, JSON lines.

Leshan 2.0.0-M14 on Californium 3.9.1, in a process of its own: its classes have the names of the
server's, and a process has one JVM. It serves coap and, with pre-shared keys, coaps.

A line of stdin is a command, with a number that the answer has, too:

    {"id": 1, "op": "set", "endpoint": "m1", "servers": [{"uri": "coap://host:5683", "ssid": 1}]}

gives a client its configuration. A server may have "identity" and "key" (hexadecimal), "lifetime",
and "iid" and "security_iid", its Instances of Objects 1 and 0. "delete" are paths to be deleted
first, "identity" and "key" beside the endpoint those of the client at the bootstrap server;
"discover" lets Leshan ask first which Instances there are. {"op": "stop"} ends, as the end of
stdin does. Events tell what is asked and answered.
"""

import argparse
import json
import queue
import signal
import sys
import threading

from ...errors import EngineUnavailable
from . import jars

LOCK = jars.HERE / "bootstrap-2.0.0-M14.lock"
LOG = jars.ROOT / "build" / "bootstrap-server.log"


def main() -> int:
    """Serve until `stop`, the end of stdin, or a signal."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=0, help="of coap; coaps has the next, or any")
    options.add_argument("--json", action="store_true", help="as always")
    chosen = options.parse_args()
    sink: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_write, args=(sink,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it, after the meter
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        jars.start_jvm(LOG, LOCK)
    except EngineUnavailable as error:
        print("bootstrap server: %s" % error, file=sys.stderr)
        return 1
    from .bootstrap_server import BootstrapServer  # only now: its Java imports need the JVM

    server = BootstrapServer(chosen.host, chosen.port, sink.put)
    try:
        server.start()
        sink.put({"event": "ready", "engine": "leshan-bootstrap", **server.addresses()})
        _obey(server, sink)
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
    sink.put(None)
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _write(sink: queue.SimpleQueue) -> None:
    for message in iter(sink.get, None):
        print(json.dumps(message), flush=True)


def _obey(server, sink: queue.SimpleQueue) -> None:
    for line in sys.stdin:
        command = json.loads(line)
        if command["op"] == "stop":
            return
        answer: dict = {"id": command.get("id")}
        try:
            server.set(command)
        except Exception as error:  # noqa: BLE001 Java's exceptions are no Python classes
            answer["error"] = str(error)
        sink.put(answer)


if __name__ == "__main__":
    sys.exit(main())
