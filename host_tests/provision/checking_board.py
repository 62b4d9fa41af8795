"""The files of a board whose firmware checks its configuration, as sources."""

from tools.boards.board import ROOT

_CHECKS = ("firmware/config/*.py", "firmware/profiles/water.py", "lib/lwm2m/formats/number.py")
_CHECKS += (
    "lib/lwm2m/[eu]*.py",
    "lib/lwm2m/model.py",
    "lib/coap/*.py",
    "lib/metering/water_meter.py",
)


def firmware_files():
    """What a board has of a firmware that checks its configuration: {device path: content}."""
    found = [file for pattern in _CHECKS for file in sorted(ROOT.glob(pattern))]
    kept = [file for file in found if file.name != "manifest.py"]
    return {"/" + file.relative_to(ROOT).as_posix(): file.read_bytes() for file in kept}
