"""libcoap's client asks the meter, from the address and port of the server it is registered at.

Nothing here may need an answer of the server, which is away meanwhile: no Update.
"""

import cbor2

READ = '[{"n":"/3/0/0"},{"n":"/3303/0/5700"}]'


def test_reads_in_every_format_and_what_is_not_there(client):
    assert client("3/0/0") == "micropython-lwm2m\n"
    assert client("3303/0/5700", "-A", "0") == "21.5\n"
    assert '"n":"5700","v":21.5' in client("3303/0", "-A", "110")
    assert client("3303/0/5700", "-A", "11542").startswith("\xe8\x16\x44\x08")
    assert client("3/0/99") == "4.04\n" and client("nothing") == "4.04\n"
    assert client("3303/0/5700", "-A", "60").encode("latin-1")[:9] == bytes.fromhex(
        "fb4035800000000000"
    )
    assert client("0/0/5") == "4.01\n"


def test_a_body_in_small_blocks(client):
    for size in ("1024", "16"):
        body = client("3/0", "-A", "112", "-b", size).encode("latin-1")
        records = cbor2.loads(body)
        assert records[0][-2] == "/3/0/" and records[0][3] == "micropython-lwm2m"
        assert [record[0] for record in records].count("21") == 1


def test_discovers_writes_and_executes(client):
    assert "</3303/0/5700>" in client("3303/0", "-A", "40")
    assert client("3/0/14", "-m", "put", "-e", "+03:00", "-t", "0") == ""
    assert client("3/0/14", "-A", "0") == "+03:00\n"
    long = "Zone/" + "x" * 59
    assert client("3/0/15", "-m", "put", "-e", long, "-t", "0", "-b", "16") == ""
    assert client("3/0/15", "-A", "0") == long + "\n"
    assert client("3303/0/5605", "-m", "post") == ""
    assert client("3/0/0", "-m", "put", "-e", "x", "-t", "0") == "4.05\n"


def test_reads_several_at_once(client):
    body = client("", "-m", "fetch", "-t", "110", "-A", "110", "-e", READ)
    assert '"bn":"/","n":"3/0/0","vs":"micropython-lwm2m"' in body and "21.5" in body


def test_observes_and_is_notified(client):
    values = client("3424/0/1", "-A", "0", "-s", "4", "-w").split()
    volumes = [float(value) for value in values]
    assert len(volumes) > 1 and volumes == sorted(volumes), values


def test_its_first_datagram_gets_lost(client):
    assert client("3/0/0", "-l", "1") == "micropython-lwm2m\n"
