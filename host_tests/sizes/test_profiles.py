"""The profiles of water meters count every module that a start imports on the Unix port."""

import subprocess

import pytest
from host_tests.interop.meter import MICROPYTHON, environment
from tools.image.compiler import ROOT
from tools.sizes import budgets, modules

SERVERS = {
    "water": {"uri": "coap://127.0.0.1:9"},
    "water coaps": {"uri": "coaps://127.0.0.1:9", "identity": "m", "key": "0123456789abcdef" * 2},
}
# The meter is built, and dials its server
START = """
import sys
from counted import counting
from firmware import app
from firmware.config import settings
whole = settings.check({"servers": [%r]})
client, _ = app.build(whole, lambda *event: None, counting())
dial = client.transports[whole["servers"][0]["uri"].partition(":")[0]]
dial("127.0.0.1", 9, client.links[0].account)
print(*sys.modules)
"""


@pytest.mark.parametrize("profile", SERVERS)
def test_a_profile_counts_all_that_its_configuration_imports(profile):
    command = [MICROPYTHON, "-c", START % SERVERS[profile]]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    found = modules.discover(ROOT, "METER_PPP")
    profiles = budgets.load(ROOT / "tools" / "sizes" / "profiles.json")
    counted = budgets.profile_modules(profile, profiles, found)
    imported = {name for name in ran.stdout.split() if name in found}
    assert "firmware.app" in imported
    assert imported <= set(counted), imported - set(counted)
