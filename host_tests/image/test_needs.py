"""An image has what its config.json uses, or is refused with the name of the file and a remedy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools.image import needs, profile
from tools.image.compiler import ROOT
from tools.image.failure import ImageError

WATER = ROOT / "firmware" / "profiles" / "water.txt"
SERVER = {"uri": "coaps://192.0.2.1", "identity": "m1", "key": "00" * 16}
COAPS = {"endpoint": "m1", "servers": [SERVER]}
# As little as an application is: no DTLS, no Objects but the meter's
BARE = """
lib/coap
lib/lwm2m
lib/metering/water_meter.py
firmware/app.py
firmware/log.py
firmware/texts.py
firmware/erase.py
firmware/config/settings.py
firmware/config/checks.py
firmware/config/schema.py
firmware/config/servers.py
"""


@pytest.fixture
def needed(tmp_path: Path):
    """The modules that a profile lacks for a configuration."""

    def find(settings: dict, text: str = BARE, *more: str) -> list[str]:
        (tmp_path / "profile.txt").write_text(text)
        entries = profile.read(tmp_path / "profile.txt")
        entries += [profile.Entry("/" + name, tmp_path / name) for name in more]
        return [entry.module for entry in needs.complete(entries, settings)]

    return find


def test_coaps_brings_dtls_and_the_check_of_its_key(needed):
    found = needed(COAPS)
    assert {"firmware.config.psk", "dtls.psk", "dtls.client", "dtls.handshake"} <= set(found)


def test_plain_coap_brings_nothing(needed):
    assert needed({"servers": [{"uri": "coap://192.0.2.1"}]}) == []
    assert needed({}) == []


def test_the_profile_of_a_water_meter_has_dtls(needed):
    """coaps is the usual way."""
    assert needed(COAPS, WATER.read_text()) == []


def test_an_object_brings_its_module_and_the_check_of_its_section(needed):
    found = needed({"battery": {"level": 80}}, BARE.replace("lib/lwm2m\n", "lib/lwm2m/model.py\n"))
    assert found == ["firmware.config.objects", "firmware.objects", "lwm2m.objects.battery"]
    power = ["firmware.config.objects", "firmware.config.power"]
    assert needed({"device": {"power": []}}) == power


def test_a_modem_brings_its_engine_and_its_table(needed):
    found = needed({"modem": {"kind": "bg95", "device": 0}})
    assert {"firmware.transports", "firmware.config.backends", "firmware.config.modem"} <= set(
        found
    )
    assert {"modem.dialer", "modem.engine", "modem.bg95"} <= set(found)


def test_the_firmwares_dtls_brings_its_transport_and_not_ours(needed):
    found = needed(dict(COAPS, dtls={"backend": "native"}))
    assert "dtls_native.dialer" in found and "dtls.psk" not in found


@pytest.mark.parametrize(
    "settings, setting, name",
    [
        ({"transport": "acme"}, "transport", "transport_acme.py"),
        (dict(COAPS, dtls={"backend": "acme"}), "dtls.backend", "transport_acme.py"),
        ({"modem": {"kind": "acme"}}, "modem.kind", "modem_acme.py"),
    ],
)
def test_a_vendors_module_that_is_missing_is_named_with_the_remedy(
    needed, settings, setting, name
):
    with pytest.raises(ImageError) as refused:
        needed(settings)
    remedy = "give it with --file %s=PATH" % name
    assert str(refused.value) == "config.json: %s: %s is missing: %s" % (setting, name, remedy)
    assert name.removesuffix(".py") not in needed(settings, BARE, name)  # it is there already


def test_the_command_says_what_it_adds(tmp_path):
    (tmp_path / "bare.txt").write_text(BARE)

    def image(settings: dict) -> subprocess.CompletedProcess:
        (tmp_path / "my.json").write_text(json.dumps(settings))
        command = [sys.executable, "-m", "tools.image", "--profile", str(tmp_path / "bare.txt")]
        command += ["--config", str(tmp_path / "my.json"), "--out", str(tmp_path / "out.uf2")]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    done = image(COAPS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("for config.json also: firmware.config.psk, dtls.")
