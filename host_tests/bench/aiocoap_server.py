"""What the meter is compared with: aiocoap as a server of /3/0/0, observed at /3424/0/4.

Prints its port. `python aiocoap_server.py 112` notifies in SenML CBOR, else it is text. What is
observed changes as `notify_loop.py` says.
"""

import asyncio
import socket
import sys

import aiocoap
import cbor2
from aiocoap import resource
from aiocoap.messagemanager import MessageManager

SENML_CBOR = 112


class Manufacturer(resource.Resource):
    async def render_get(self, request):
        return aiocoap.Message(payload=b"micropython-lwm2m", content_format=0)


class Pulses(resource.ObservableResource):
    def __init__(self, form):
        super().__init__()
        self.form = form
        self.pulses = 1_000_000
        self.left = 0

    async def render_get(self, request):
        if self.form == SENML_CBOR:
            payload = cbor2.dumps([{-2: "/3424/0/4", 2: self.pulses}])
        else:
            payload = b"%d" % self.pulses
        return aiocoap.Message(payload=payload, content_format=self.form)

    def acknowledged(self, mid):
        self.left = self.left - 1 if self.left else mid
        if self.left:
            self.pulses += 1
            self.updated_state()


def watch(pulses):
    """Call what is observed at every acknowledgement, once it has been dealt with."""
    dispatch = MessageManager.dispatch_message
    loop = asyncio.get_running_loop()

    def dispatched(self, message):
        dispatch(self, message)
        if message.mtype is aiocoap.ACK:
            loop.call_soon(pulses.acknowledged, message.mid)

    MessageManager.dispatch_message = dispatched


async def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    site = resource.Site()
    site.add_resource(["3", "0", "0"], Manufacturer())
    pulses = Pulses(int(sys.argv[1]) if sys.argv[1:] else 0)
    site.add_resource(["3424", "0", "4"], pulses)
    watch(pulses)
    await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", port))
    print(port, flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
