"""Tells the devserver that runs on this host the keys of devices, through its socket."""

import json
import socket
from collections.abc import Iterable
from pathlib import Path

from tools.devserver.door import PATH

from .device import Device
from .failure import ProvisionError

_TIMEOUT_S = 30


def push(devices: Iterable[Device], path: Path = PATH) -> int:
    """Have the devserver know the keys; return how many. May raise ProvisionError."""
    wanted = [device for device in devices if device.secure]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_TIMEOUT_S)
        try:
            line.connect(str(path))
            with line.makefile("rw") as stream:
                for device in wanted:
                    _send(stream, device)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ProvisionError(
                "no devserver answers at %s (%s): `make server COAPS=1` runs one" % (path, reason)
            ) from error
    return len(wanted)


def _send(stream, device: Device) -> None:
    command = {"op": "psk", "endpoint": device.endpoint, "identity": device.identity}
    stream.write(json.dumps({**command, "key": {"hex": device.key}}) + "\n")
    stream.flush()
    answer = json.loads(stream.readline())
    if "error" in answer:
        raise ProvisionError("devserver: %s: %s" % (device.endpoint, answer["error"]))
