"""What outlives a restart, by records: written when, read back how, and what is not believed."""

import os

from firmware import app, state
from firmware.config import settings as config
from folders import emptied

from flash import FAT_BLOCK, LITTLEFS_BLOCK, STOP, TEAR, Flash
from nvstore.memory import Memory
from nvstore.pack import pack

ROOT = "build/tmp-state"
REGISTERED = 4
LOCATION = ["rd", "YRLdoIR7EY"]
OBSERVED = ((3424, 0, 1), (3, 0, 9), (3, 0, 7, 0), (4, 0, 2), (3424, 0))
SESSION = bytes(182)  # the longest one, and a Connection ID of 6 bytes as Leshan has it
FILE = 7
KEY = "00112233445566778899aabbccddeeff"


def quiet(*event):
    pass


def pulses(settings):
    return type("Driver", (), {"pulses": lambda self=None: 7})


def made(checksum=FILE, log=quiet, folder=ROOT, memory=None, scheme="coaps", **settings):
    """(client, its State), before it runs."""
    server = {"uri": scheme + "://127.0.0.1:5684", "short_server_id": 1}
    if scheme == "coaps":
        server.update({"identity": "meter", "key": KEY})
    server.update(settings.pop("server", {}))
    whole = {
        "servers": [server],
        "portfolio": [{"identity": ["mine"]}],
        "connectivity": {"bearer": 7},
    }
    whole.update(settings)
    kept = state.State(folder, checksum, log, memory)
    client, _ = app.build(config.check(whole), log, {"state": kept, "pulses": pulses})
    client.clock.now = lambda: clock[0]
    return client, kept


clock = [0]


def registered(client, observed=OBSERVED):
    """As if a server had registered it, observed it and written attributes."""
    (link,) = client.links
    core = link.core
    core.location, core.state, core.at = list(LOCATION), REGISTERED, clock[0] + 250000
    core.known = (300, "U", client.model.listing)
    core.revision += 1
    reporting = link.management.observer()
    for i, path in enumerate(observed):
        observation = reporting.renewed(bytes(range(i, i + 8)), path, -1, clock[0])
        observation.last = (123456789, -3)
        observation.notified_at = clock[0] - 86400000
    for i in range(4):
        path = observed[0][: i + 1]
        link.management.attributes[path] = {"pmin": 10, "pmax": 600}
    return link


def polled(kept, ms=60000):
    """Let time pass, polled each second."""
    for _ in range(ms // 1000):
        clock[0] += 1000
        kept.poll(clock[0])


def test_what_a_server_knows_comes_back():
    emptied(ROOT)
    client, kept = made()
    link = registered(client)
    kept.session(link.account).put(SESSION)
    client, kept = made()
    (link,) = client.links
    assert link.restored and link.core.location == LOCATION
    assert kept.session(link.account).get() == (SESSION, None)
    reporting = link.management.reporting
    assert [one.path for one in reporting.observations] == list(OBSERVED)
    assert [one.token[0] for one in reporting.observations] == [0, 1, 2, 3, 4]
    assert link.management.attributes[(3424,)] == {"pmin": 10, "pmax": 600}
    assert reporting.number == 256


def test_one_server_with_5_observations_and_4_attribute_sets_takes_at_most_512_bytes():
    emptied(ROOT)
    client, kept = made()
    link = registered(client)
    link.account.witness, link.mid = bytes(8), 65000
    kept.session(link.account).put(SESSION)
    assert len(kept.load("1")) <= 512, len(kept.load("1"))


def test_nothing_is_written_while_nothing_matters_happens_but_hourly():
    emptied(ROOT)
    client, kept = made(scheme="coap")
    polled(kept, 10000)
    assert kept.writes == 1  # that it is not registered
    registered(client)
    polled(kept, 600000)
    assert kept.writes == 2
    polled(kept, 24 * 3600000)
    assert kept.writes <= 2 + 24


def test_what_matters_is_written_within_seconds():
    emptied(ROOT)
    client, kept = made(scheme="coap")
    link = registered(client)
    polled(kept, 4000)
    for change in (
        lambda: link.management.reporting.cancel(bytes(range(8))),
        lambda: link.management.reporting.renewed(b"new", (3, 0, 1), 112, clock[0]),
        lambda: link.core.disconnect(True),
    ):
        before = kept.load("1")
        change()
        polled(kept, 4000)
        assert kept.load("1") != before


def test_writes_are_bounded_whatever_servers_do():
    emptied(ROOT)
    client, kept = made(scheme="coap")
    link = registered(client)
    for _ in range(3600):
        link.core.revision += 1
        polled(kept, 1000)
    assert kept.writes <= 32 + 60 + 1, kept.writes
    before = kept.writes
    for _ in range(3600):
        link.core.revision += 1
        polled(kept, 1000)
    assert kept.writes - before <= 61


def test_numbers_that_were_perhaps_used_are_left_out_after_each_restart():
    """No more of them than what is stored are used between two writes."""
    emptied(ROOT)
    client, kept = made(scheme="coap")
    reporting = registered(client).management.reporting
    reporting.number = 1000
    polled(kept, 4000)
    for turn in range(5):
        for _ in range(turn * 100):
            reporting.number = (reporting.number + 1) & 0xFFFFFF
            polled(kept, 3000)
        used = reporting.number
        client, kept = made(scheme="coap")
        reporting = client.links[0].management.reporting
        assert used <= reporting.number <= used + 256 + 8
        polled(kept, 3000)  # reserved anew


def test_a_record_of_another_endpoint_or_server_or_identity_is_not_used():
    for change in (
        {"endpoint": "other"},
        {"server": {"uri": "coaps://127.0.0.1:5685"}},
        {"server": {"identity": "other"}},
    ):
        emptied(ROOT)
        client, kept = made()
        link = registered(client)
        kept.session(link.account).put(SESSION)
        client, kept = made(**change)
        (link,) = client.links
        assert not link.restored and kept.session(link.account).get() == (None, None)


def test_a_record_of_another_form_is_not_used_and_said():
    for data in (b"", b"\xff", pack(5), pack((1, 2)), pack((0, 0, b"", (99,)))):
        emptied(ROOT)
        client, kept = made()
        context = kept.session(client.links[0].account).context
        if data == pack((0, 0, b"", (99,))):
            data = pack((context, 0, b"", (99,)))
        kept.store.save("1", data, 1, True)
        logged = []
        client, kept = made(log=lambda *event, logged=logged: logged.append(event))
        assert not client.links[0].restored
        assert [event[1] for event in logged] == ["state not used"], (data, logged)


def test_off_for_a_known_time_or_for_an_unknown_one():
    """Either way an Update follows within `update_pause`; a session is older by what is known."""
    now = [1790000000]
    for passed, slept in ((0, 0), (3600, 3600000), (-50, 0), (-1700000000, 0)):
        emptied(ROOT)
        client, kept = made()
        kept.time = lambda: now[0]
        link = registered(client)
        link.core.at = clock[0] + 50000000
        kept.session(link.account).put(SESSION)
        time = state.State.time
        state.State.time = lambda self, passed=passed: now[0] + passed
        try:
            client, kept = made()
        finally:
            state.State.time = time
        (link,) = client.links
        assert link.account.slept == slept, (passed, link.account.slept)
        assert 30000 <= link.core.at < 60000  # of the true clock, which has just begun
        assert link.core.location == LOCATION


def test_without_a_session_an_update_comes_first():
    emptied(ROOT)
    client, kept = made(scheme="coap")
    registered(client)
    polled(kept, 3000)
    client, kept = made(scheme="coap")
    assert client.links[0].restored and client.links[0].core.at > 1 << 40


def test_without_a_session_two_power_cuts_in_a_row_use_no_number_twice():
    emptied(ROOT)
    client, kept = made(scheme="coap")
    registered(client)
    polled(kept, 3000)
    used = -1
    for _ in range(3):
        client, kept = made(scheme="coap")  # and before anything is polled, the power goes
        first = client.links[0].management.reporting.number
        assert first > used
        used = first + 100


# What servers wrote


def test_what_servers_wrote_comes_back_with_the_same_configuration_file():
    emptied(ROOT)
    client, kept = made()
    write(client.model)
    polled(kept, 3000)
    client, kept = made()
    (link,) = client.links
    assert link.account.lifetime == 77 and link.account.uri == "coaps://127.0.0.1:5684"
    assert client.model.object(16).instances == {0: {0: {0: "mine"}}, 5: {0: {3: "theirs"}}}


def write(model):
    model.object(1).write(0, 1, 77)
    model.object(16).create(5, {0: {3: "theirs"}})
    model.instance_changed(16, 5)


def test_a_new_configuration_file_replaces_accounts_and_nothing_else():
    emptied(ROOT)
    client, kept = made()
    write(client.model)
    polled(kept, 3000)
    client, kept = made(FILE + 1, server={"lifetime": 500})
    (link,) = client.links
    assert link.account.lifetime == 500
    assert 5 in client.model.object(16).instances
    polled(kept, 3000)
    client, kept = made(FILE, server={"lifetime": 600})  # the older file once more
    assert client.links[0].account.lifetime == 600


def test_nothing_is_stored_of_objects_before_a_server_writes():
    emptied(ROOT)
    client, kept = made()
    polled(kept, 10000)
    client.model.registration_changed()  # an Execute
    polled(kept, 10000)
    assert kept.store.load("objects") is None
    client, kept = made(portfolio=[{"identity": ["new"]}])
    assert client.model.object(16).instances == {0: {0: {0: "new"}}}


def test_accounts_on_trial_are_not_stored():
    emptied(ROOT)
    client, kept = made()
    kept.hold = True
    write(client.model)
    polled(kept, 10000)
    kept.leave()
    assert kept.store.load("objects") is None
    kept.hold = False
    polled(kept, 10000)
    assert kept.store.load("objects") is not None


def test_a_damaged_record_of_objects_falls_back_to_the_one_before():
    emptied(ROOT)
    client, kept = made()
    for lifetime in (77, 78):
        client.model.object(1).write(0, 1, lifetime)
        client.model.registration_changed()
        polled(kept, 3000)
    for side in ("0", "1"):
        path = "%s/%s/objects" % (ROOT, side)
        with open(path, "rb") as file:
            data = file.read()
        if data[5] == 2:  # the second write
            with open(path, "wb") as file:
                file.write(data[:-1] + b"x")
    client, kept = made()
    assert client.links[0].account.lifetime == 77


def test_accounts_without_any_are_not_taken():
    emptied(ROOT)
    client, kept = made()
    kept.store.save("objects", pack((FILE, (1, (0,), (1,)))), 1)
    client, kept = made()
    assert len(client.links) == 1 and client.links[0].account.exists()


# How it ends


def test_a_factory_reset_and_a_deregistration_leave_nothing():
    for end in ("forget", "end"):
        emptied(ROOT)
        client, kept = made()
        link = registered(client)
        write(client.model)
        polled(kept, 3000)
        session = kept.session(link.account)
        session.put(SESSION)
        getattr(kept, end)()
        session.put(SESSION)  # the session's end
        kept.leave()
        polled(kept, 10000)
        assert kept.store.load("1", True) is None
        assert (kept.store.load("objects") is None) == (end == "forget")


def test_the_account_of_a_server_that_was_removed_goes():
    emptied(ROOT)
    client, kept = made(scheme="coap")
    registered(client)
    polled(kept, 3000)
    client.remove(client.links[0])
    polled(kept, 3000)
    assert kept.load("1") is None


def test_the_account_that_took_the_place_of_another_keeps_its_record():
    """A server's new key makes another account of the same Short Server ID."""
    emptied(ROOT)
    client, kept = made()
    kept.session(client.links[0].account).put(SESSION)
    server = client.model.object(1).instances
    server[0] = dict(server[0])
    client.remove(client.links[0])
    kept.session(client.add(0).account).put(b"of the new key")
    polled(kept, 1000)
    client, kept = made()
    assert kept.session(client.links[0].account).get() == (b"of the new key", None)


# Memory that a reset keeps


def test_in_memory_if_it_fits_and_never_in_both():
    content = [b""]

    def memory(*data):
        if data:
            content[0] = bytes(data[0])
        return content[0]

    def places():
        in_files = state.Store(ROOT).load("1", True)
        return bool(Memory(memory, memory, 2048).load("1")), bool(in_files)

    emptied(ROOT)
    client, kept = made(memory=memory)
    link = registered(client)
    session = kept.session(link.account)
    session.put(SESSION)
    assert places() == (True, False)
    session.put(bytes(1800))
    assert places() == (False, True)
    client, kept = made(memory=memory)
    assert kept.session(client.links[0].account).get() == (bytes(1800), None)
    kept.session(client.links[0].account).put(SESSION)
    assert places() == (True, False)
    content[0] = b""  # a power cut: it begins anew
    client, kept = made(memory=memory)
    assert not client.links[0].restored


# The power goes at each change of the flash


def on(kind, data, work, cut=None, how=STOP):
    """(result of `work`, or None where the power went; the flash's bytes; changes)."""
    import vfs

    size, count = (LITTLEFS_BLOCK, 24) if kind == "VfsLfs2" else (FAT_BLOCK, 100)
    flash = Flash(data, size, count, kind == "VfsFat")
    if data is None:
        getattr(vfs, kind).mkfs(flash)
    flash.cut, flash.how = cut, how
    result = None
    vfs.mount(getattr(vfs, kind)(flash), "/cut")
    try:
        result = work()
    except OSError:
        pass
    finally:
        try:
            vfs.umount("/cut")
        except OSError:
            pass
    return result, bytes(flash.data), flash.changes


def prepared():
    client, kept = made(folder="/cut/state")
    link = registered(client)
    kept.session(link.account).put(b"session 1")
    client.model.object(1).write(0, 1, 77)
    client.model.registration_changed()
    polled(kept, 5000)
    return True


def changing():
    """A session's next record, then what servers wrote; the number of those that are done."""
    logged = []
    client, kept = made(folder="/cut/state", log=lambda *event: logged.append(event))
    kept.session(client.links[0].account).put(b"session 2")
    done = 1
    client.model.object(1).write(0, 1, 78)
    client.model.registration_changed()
    polled(kept, 5000)
    return done + (not [event for event in logged if event[1] == "state not kept"])


def found():
    client, kept = made(folder="/cut/state")
    (link,) = client.links
    session, _ = kept.session(link.account).get()
    return session, link.account.lifetime, link.core.location, link.restored


def test_a_power_cut_leaves_the_old_state_or_the_new_one_and_never_what_was_replaced():
    for kind in ("VfsLfs2", "VfsFat"):
        _, before, _ = on(kind, None, prepared)
        changes = on(kind, before, changing)[2]
        assert changes > 5
        seen = set()
        for how in (STOP, TEAR):
            for cut in range(changes):
                done, after, _ = on(kind, before, changing, cut, how)
                session, lifetime, location, restored = on(kind, after, found)[0]
                assert session in (b"session 1", b"session 2"), (kind, how, cut, session)
                assert location == LOCATION and restored
                if done:  # it was said to be stored: what is older must not come back
                    assert session == b"session 2"
                assert lifetime in (77, 78) and (lifetime == 77 or session == b"session 2")
                seen.add((session, lifetime))
                assert on(kind, after, changing)[0] == 2  # and it goes on
        assert len(seen) >= 2, seen
        assert on(kind, on(kind, before, changing)[1], found)[0][:2] == (b"session 2", 78)


def test_a_disk_that_is_full_ends_nothing():
    emptied(ROOT)
    logged = []
    client, kept = made(log=lambda *event: logged.append(event))
    link = registered(client)

    def full(*arguments):
        raise state.StoreError(1, "1")

    kept.store.save = full
    polled(kept, 600000)
    assert logged and {event[1] for event in logged} == {"state not kept"}
    assert len(logged) <= 32 + 10 + 1
    try:
        kept.session(link.account).put(SESSION)
    except OSError:
        return
    raise AssertionError("stored")


def test_objects_that_cannot_be_stored_keep_no_link_from_it():
    emptied(ROOT)
    client, kept = made(scheme="coap")
    registered(client)
    write(client.model)
    client.model.registration_changed()
    save = kept.store.save

    def full(name, *arguments):
        if name == "objects":
            raise state.StoreError(1, name)
        return save(name, *arguments)

    kept.store.save = full
    polled(kept, 10000)
    assert kept.load("1") and kept.store.load("objects") is None
    kept.store.save = save
    polled(kept, 10000)
    assert kept.store.load("objects")


def test_the_checksum_is_that_of_the_file_and_of_what_is_given_beside_it():
    emptied(ROOT)
    path = ROOT + "/file"
    sums = set()
    for text in (b"", b"a" * 255, b"a" * 256, b"a" * 257, b"a" * 256 + b"b"):
        with open(path, "wb") as file:
            file.write(text)
        for more in (b"", b"coap://h"):
            sums.add(state.checksum(path, more))
            assert state.checksum(path, more) == state.checksum(path, more)
    os.remove(path)
    assert len(sums) == 10 and state.checksum(path) == 0
