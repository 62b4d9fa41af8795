"""What servers import: the credentials of all devices, in files for their owner only."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

from .device import Device
from .files import write_private

# ThingsBoard's wizard "Import device" asks what each column is: these are its names for them.
_COLUMNS = (
    *("name", "type", "label", "LwM2M client endpoint", "LwM2M client security config mode"),
    *("LwM2M client identity", "LwM2M client key"),
)


def leshan(devices: Iterable[Device]) -> bytes:
    """Return a list of what Leshan's demo server takes by PUT /api/security/clients/, each."""
    entries = [
        {
            "endpoint": device.endpoint,
            "tls": {"mode": "psk", "details": {"identity": device.identity, "key": device.key}},
        }
        for device in devices
        if device.secure
    ]
    return json.dumps(entries, indent=1).encode() + b"\n"


def thingsboard_rows(devices: Iterable[Device], kind: str) -> bytes:
    """Return the CSV of ThingsBoard's import; `kind` is the name of a device profile there."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for device in devices:
        serial = device.settings.get("device.serial", "")
        mode = ("PSK", device.identity, device.key) if device.secure else ("NO_SEC", "", "")
        rows.writerow((device.endpoint, kind, serial, device.endpoint, *mode))
    return text.getvalue().encode()


def thingsboard_credentials(devices: Iterable[Device], kind: str) -> bytes:
    """Return a list of what ThingsBoard takes by POST /api/device-with-credentials, each."""
    entries = []
    for device in devices:
        client = {"endpoint": device.endpoint, "securityConfigClientMode": "NO_SEC"}
        if device.secure:
            client.update(securityConfigClientMode="PSK", identity=device.identity, key=device.key)
        none = {"securityMode": "NO_SEC"}
        value = {"client": client, "bootstrap": {"bootstrapServer": none, "lwm2mServer": none}}
        entries.append(
            {
                "device": {"name": device.endpoint, "type": kind},
                "credentials": {
                    "credentialsType": "LWM2M_CREDENTIALS",
                    "credentialsId": device.endpoint,
                    "credentialsValue": json.dumps(value),
                },
            }
        )
    return json.dumps(entries, indent=1).encode() + b"\n"


def write(devices: list[Device], folder: Path, kind: str) -> list[Path]:
    """Write all of them; return where."""
    files = {
        "leshan.json": leshan(devices),
        "thingsboard.csv": thingsboard_rows(devices, kind),
        "thingsboard.json": thingsboard_credentials(devices, kind),
    }
    for name, data in files.items():
        write_private(folder / name, data)
    return [folder / name for name in files]
