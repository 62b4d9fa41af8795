"""Inside MicroPython: the meter, with two Resources of Device that have its memory.

/3/0/10 bytes in use after a collection (which is then switched on)
/3/0/21 bytes in use as it stands, with the collector switched off from then on
"""

import asyncio
import gc
import sys

from counted import counting
from firmware import app
from firmware.config import settings as config

_FREE, _TOTAL = 10, 21


def measured(device, iid, rid):
    if rid == _FREE:
        gc.enable()
        gc.collect()
        return gc.mem_alloc()
    if rid == _TOTAL:
        if gc.isenabled():
            gc.disable()
        return gc.mem_alloc()
    return device.instances[iid][rid]


def instrument(device):
    """Give the Device Resources with its memory."""
    device.instances[0][_TOTAL] = None
    device.read = lambda iid, rid: measured(device, iid, rid)


def main(uri):
    settings = config.check({"servers": [{"uri": uri, "lifetime": 86400}], "log": 0})
    client, device = app.build(settings, app.logger(0, print), counting())
    instrument(device)
    asyncio.run(app.serve(client))


if __name__ == "__main__":
    main(sys.argv[1])
