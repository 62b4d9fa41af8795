"""Stock firmware is downloaded once and held to its pinned hash, from a server of this host."""

import hashlib
import http.server
import json
import threading

import pytest
from tools.flash import stock
from tools.flash.failure import FlashError

DATA = bytes(range(256)) * 1000


@pytest.fixture
def server(monkeypatch):
    """Serve DATA under each path; `short` and `wrong` are faults of it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        asked = []
        short = wrong = absent = False

        def do_GET(self):
            self.asked.append(self.path)
            self.send_response(404 if self.absent else 200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA[:-9] if self.short else DATA[::-1] if self.wrong else DATA)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        monkeypatch.setenv("FIRMWARE_MIRROR", "http://127.0.0.1:%d/fw/" % served.server_port)
        yield Handler
        served.shutdown()
        thread.join()


@pytest.fixture
def places(tmp_path):
    """The table of pins and the folder of the files."""
    table = tmp_path / "stock.json"
    pin = {"file": "X-v1.bin", "sha256": hashlib.sha256(DATA).hexdigest()}
    table.write_text(json.dumps({"source": "https://nowhere.invalid/", "files": {"X": pin}}))
    return {"table": table, "folder": tmp_path / "stock"}


def refusal(board, places):
    with pytest.raises(FlashError) as refused:
        stock.fetch(board, **places)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_file_is_downloaded_once(server, places):
    shown = []
    file = stock.fetch("X", lambda done, size: shown.append((done, size)), **places)
    assert file.read_bytes() == DATA
    assert shown[-1] == (len(DATA), len(DATA))
    assert stock.fetch("X", **places) == file
    assert server.asked == ["/fw/X-v1.bin"]


def test_another_content_is_refused_and_not_kept(server, places):
    server.wrong = True
    assert "is pinned in stock.json: nothing was kept" in refusal("X", places)
    assert not places["folder"].exists()


def test_a_file_that_was_damaged_on_this_host_is_downloaded_anew(server, places):
    file = stock.fetch("X", **places)
    file.write_bytes(b"damaged")
    assert stock.fetch("X", **places).read_bytes() == DATA


def test_a_download_that_ends_early_is_refused(server, places):
    server.short = True
    line = refusal("X", places)
    assert "bytes came: try again" in line or "IncompleteRead" in line


def test_a_file_that_is_not_there_is_one_line(server, places):
    server.absent = True
    assert "Not Found: download it elsewhere and give FIRMWARE=file" in refusal("X", places)


def test_without_network_it_says_how_to_give_a_file(places, monkeypatch):
    monkeypatch.setenv("FIRMWARE_MIRROR", "http://127.0.0.1:9/")
    assert "give FIRMWARE=file" in refusal("X", places)


def test_a_board_without_a_pin_lists_those_that_have_one(places):
    assert "no stock firmware is pinned for Y, only for X: give FIRMWARE=file" in refusal(
        "Y", places
    )


def test_every_pin_names_its_board_and_version_and_has_a_sha256():
    known = json.loads(stock.TABLE.read_text())
    assert known["source"].startswith("https://micropython.org/")
    for board, pin in known["files"].items():
        assert pin["file"].startswith(board + "-")
        assert "-v%s." % known["version"] in pin["file"]
        assert len(bytes.fromhex(pin["sha256"])) == 32
