"""What the meter is compared with: aiocoap as a server of /3/0/0. Prints its port."""

import asyncio
import socket

import aiocoap
from aiocoap import resource


class Manufacturer(resource.Resource):
    async def render_get(self, request):
        return aiocoap.Message(payload=b"micropython-lwm2m", content_format=0)


async def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    site = resource.Site()
    site.add_resource(["3", "0", "0"], Manufacturer())
    await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", port))
    print(port, flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
