"""A configuration that the firmware would refuse makes no image, but one clear line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools.image.compiler import ROOT

COAP = {"endpoint": "m1", "servers": [{"uri": "coap://192.0.2.1"}]}


def with_server(**settings: object) -> dict:
    return {"endpoint": "m1", "servers": [settings]}


@pytest.fixture
def image(tmp_path: Path):
    """Build an image of a profile with a configuration; the result has `out` if it was made."""

    def build(settings: object, *more: str, profile: str = "water") -> subprocess.CompletedProcess:
        path, out = tmp_path / "my.json", tmp_path / "out.uf2"
        path.write_text(settings if isinstance(settings, str) else json.dumps(settings))
        command = [sys.executable, "-m", "tools.image", "--profile", profile, "--out", str(out)]
        if settings is not None:
            command += ["--config", str(path)]
        done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True)
        done.out = out.read_bytes() if out.exists() else None
        return done

    return build


def refused(done: subprocess.CompletedProcess) -> str:
    """The one line that refused it."""
    assert (done.returncode, done.stdout, done.out) == (1, "", None)
    assert done.stderr.startswith("image: ") and len(done.stderr.splitlines()) == 1
    return done.stderr.removeprefix("image: ").strip()


def test_a_right_configuration_is_in_the_image(image):
    done = image(COAP)
    assert done.returncode == 0, done.stderr
    assert json.dumps(COAP).encode() in done.out


@pytest.mark.parametrize(
    "settings, line",
    [
        (with_server(uri="nope"), 'my.json: servers[0].uri: "nope": must be like coap://'),
        (dict(COAP, colour="red"), "my.json: colour: no such setting; there are endpoint, "),
        (dict(COAP, endpoint=""), 'my.json: endpoint: "": must be a text of 1 to 128 bytes'),
        (with_server(uri="coaps://a"), "my.json: servers[0].identity: null: must be a text"),
        ("{,}", "my.json: no valid JSON: mend its syntax"),
        (dict(COAP, transport="acme"), 'my.json: transport: "acme": must be the name of a back'),
        (dict(COAP, modem={"device": 0, "kind": "x"}), 'my.json: modem.kind: "x": must be'),
    ],
)
def test_what_the_firmware_would_refuse_is_refused_in_its_words(image, settings, line):
    assert line in refused(image(settings))


def test_no_configuration_at_all_is_said_with_the_remedy(image):
    assert refused(image(None)).startswith("no configuration: give it with CONFIG=my.json")
    missing = refused(image(COAP, "--config", "/no/such.json"))
    assert missing == "/no/such.json: cannot be read (errno 2): give a JSON file"


@pytest.mark.parametrize("name", ["endpoint", "servers"])
def test_what_each_meter_has_of_its_own_must_be_given(image, name):
    """The firmware's defaults are for trials on a PC."""
    settings = {key: value for key, value in COAP.items() if key != name}
    assert "my.json: %s: must be given: " % name in refused(image(settings))


def test_native_dtls_is_refused_for_a_firmware_without_pre_shared_keys(image):
    settings = with_server(uri="coaps://a", identity="m", key="00" * 16)
    line = refused(image(dict(settings, dtls={"backend": "native"})))
    assert "must be own: this firmware's tls has no pre-shared keys" in line


@pytest.mark.parametrize("text", ["import machine\nmachine.x\n", "def factory(): pass\n"])
def test_a_vendors_module_may_be_one_that_this_host_cannot_import(image, tmp_path, text):
    (tmp_path / "acme.py").write_text(text)
    done = image(dict(COAP, transport="acme"), "--file", "transport_acme.py=%s/acme.py" % tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_vendors_check_of_its_settings_is_asked(image, tmp_path):
    text = "from firmware.config.checks import wrong\n"
    text += "def check(config):\n    wrong('transport', 'acme', 'a newer one')\n"
    (tmp_path / "acme.py").write_text(text)
    given = "transport_acme.py=%s/acme.py" % tmp_path
    assert "must be a newer one" in refused(image(dict(COAP, transport="acme"), "--file", given))


def test_a_profile_without_the_application_takes_no_configuration(image, tmp_path):
    (tmp_path / "lib.txt").write_text("lib/coap\n")
    done = image(None, profile=str(tmp_path / "lib.txt"))
    assert done.returncode == 0, done.stderr


def test_a_module_that_the_image_lacks_is_named_with_the_remedy(image, tmp_path):
    (tmp_path / "lack.txt").write_text("lib/coap/peer.py\n")
    line = refused(image(None, profile=str(tmp_path / "lack.txt")))
    expected = "coap.peer imports coap.budget, which the image lacks: "
    assert line.startswith(expected), line
    assert line.endswith("name lib/coap/budget.py in the profile")


def test_an_unknown_profile_is_said_with_those_that_there_are(image):
    line = refused(image(COAP, profile="gas"))
    assert line.startswith("no profile gas: choose one of ") and "water" in line


def test_make_image_takes_board_profile_and_configuration():
    shown = subprocess.run(
        ["make", "-n", "image", "BOARD=B", "PROFILE=P", "CONFIG=c.json", "FIRMWARE=f.uf2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    assert "--board 'B' --profile 'P' --config 'c.json' --firmware 'f.uf2'" in shown


def test_the_image_and_its_configuration_are_of_one_profile(image):
    line = refused(image(COAP, profile="temperature"))
    assert 'my.json: profile: "water": the image is of PROFILE=temperature' in line
    line = refused(image(dict(COAP, profile="temperature", temperature={"pin": 4})))
    assert 'my.json: profile: "temperature": the image is of PROFILE=water' in line
    done = image(dict(COAP, profile="temperature", temperature={"pin": 4}), profile="temperature")
    assert done.returncode == 0, done.stderr


def test_what_a_water_meter_is_fitted_with_is_in_the_image(image):
    done = image(dict(COAP, water={"tamper_pin": 5, "valve": {"open_pin": 1, "close_pin": 2}}))
    assert done.returncode == 0, done.stderr
    named = done.stdout.splitlines()[0]
    assert named.endswith("firmware.fittings, drivers.tamper, drivers.latching"), named
