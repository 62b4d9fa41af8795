"""The meter's program on a board of stand-ins: what a fault, a hang, a bad file lead to."""

import asyncio
import json
import os
import socket
import sys

from folders import emptied, made

ROOT = "build/tmp-meter-program"
SERVER, POWER, WATCHDOG = "coap://127.0.0.1:%d", 1, 3


class Reset(BaseException):
    """The board is reset."""


class Bearer:
    log = None
    up = True
    downs = 0

    def down(self):
        self.downs += 1

    def is_up(self):
        return self.up

    def poll(self, now, served):
        return False

    def guarded(self, dialer):
        return dialer

    def connectivity(self):
        return {}


class Board:
    """A board; `cause` is why it started."""

    POWER_CLASS = "mains"
    PINS = {}
    battery = None
    cause = POWER
    feeds = 0

    def __init__(self):
        self.bearer = Bearer()

    def network(self, settings, log):
        return self.bearer if settings else None

    def watchdog(self):
        return self

    def alive(self):
        self.feeds += 1

    def stop(self):
        pass

    def pulses_counted(self):
        return 7

    def reset(self):
        raise Reset

    def reset_cause(self):
        return self.cause

    def memory(self):
        return None

    def storage(self):
        return ROOT


board = Board()


class Driver:
    """A counter of pulses; `fault` is that of its checkpoints."""

    saved = 0

    def __init__(self, settings):
        self.fault = 0
        self.pulses = board.pulses_counted
        drivers.append(self)

    def save(self):
        self.saved += 1


drivers = []
board.pulses = Driver
sys.modules["board"] = board

from firmware import app, meter  # noqa: E402
from firmware.crashes import Crashes  # noqa: E402
from firmware.slots import Slots  # noqa: E402

rests = []
meter.Meter.path = ROOT + "/config.json"
clients = []
build = app.build


def noted(*arguments):
    made_now = build(*arguments)
    clients.append(made_now[0])
    return made_now


app.build = noted


class Peer:
    """A socket that takes Registers; answers them where `answers`."""

    def __init__(self):
        port = 40100
        while True:
            try:
                self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self.socket.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
                break
            except OSError:
                port += 1
        self.socket.setblocking(False)
        self.uri = SERVER % port
        self.links = []

    def answer(self):
        """Answer a Register that has come."""
        try:
            datagram, source = self.socket.recvfrom(1280)
        except OSError:
            return
        self.links.append(datagram)
        length = datagram[0] & 15
        head = bytes((0x60 | length, 0x41)) + datagram[2 : 4 + length]
        self.socket.sendto(head + b"\x82rd\x011", source)


peer = Peer()


def prepared(**settings):
    """An empty board with this configuration."""
    emptied(ROOT)
    clients.clear()
    drivers.clear()
    board.cause = POWER
    board.bearer.up = True
    configure(**settings)


def configure(**settings):
    whole = {"servers": [{"uri": peer.uri}], "log": 0}
    whole.update(settings)
    made(ROOT + "/config.json", json.dumps(whole).encode())


def start(during=None):
    """How a start ends: "reset", or "prompt"; `during(client)` is a coroutine beside it."""
    asyncio.new_event_loop()
    serve = app.serve

    async def serve_and(*arguments):
        task = asyncio.create_task(during(clients[-1])) if during else None
        await serve(*arguments)
        if task:
            task.cancel()

    app.serve = serve_and
    meter.Meter._rest = lambda self: rests.append(1)
    try:
        meter.run(Slots(ROOT))
        return "prompt"
    except Reset:
        return "reset"
    finally:
        app.serve = serve


async def register(client):
    while not all([link.core.state == 4 for link in client.links]):
        peer.answer()
        await asyncio.sleep_ms(20)


def then(what):
    """Once it is registered, and the keeper has looked, `what(client)`."""

    async def during(client):
        await register(client)
        await asyncio.sleep_ms(1100)
        what(client)

    return during


def reboot(client):
    client.model.object(3).execute(0, 4, b"")


def fault(*arguments):
    raise ZeroDivisionError


def crashes():
    return Crashes(Slots, ROOT + "/crashes").count


def errors():
    return sorted(clients[-1].model.object(3).read(0, 11).values())


def test_a_reboot_resets_the_board_and_counts_as_no_crash():
    prepared()
    assert start(then(reboot)) == "reset"
    assert crashes() == 0 and errors() == [0]
    assert "crashes" not in os.listdir(ROOT)


def test_a_task_that_dies_of_our_own_bug_resets_the_board():
    async def bug(client):
        await asyncio.sleep_ms(10)
        fault()

    prepared()
    assert start(bug) == "reset"
    assert crashes() == 1
    assert start(then(reboot)) == "reset" and errors() == [16]


def test_a_task_that_does_not_report_resets_the_board():
    """The event loop runs, and one of the tasks waits for ever."""
    from firmware import supervise

    supervisors = []
    kept = supervise.Supervisor.check
    supervise.Supervisor.check = lambda self, *words: (
        supervisors.append(self) or kept(self, *words)
    )
    prepared(sampling=86400)
    try:
        assert start(then(lambda client: supervisors[-1].due.update({"sampling": 0}))) == "reset"
    finally:
        supervise.Supervisor.check = kept
    assert crashes() == 1 and supervisors[-1].watchdog is board and board.feeds > 1


def test_a_reset_by_the_watchdog_counts_and_is_shown():
    prepared()
    board.cause = WATCHDOG
    assert start(then(reboot)) == "reset"
    assert crashes() == 1 and errors() == [17]


def test_five_crashes_in_a_row_and_it_registers_with_nothing_but_device():
    async def bug(client):
        await asyncio.sleep_ms(10)
        fault()

    prepared(temperature={"value": 1})
    for i in range(5):
        assert 3424 in clients[-1].model.objects if i else True
        assert start(bug) == "reset"
    peer.links.clear()
    assert start(then(reboot)) == "reset"
    assert sorted(clients[-1].model.objects) == [0, 1, 3]
    assert errors() == [16, 18]
    assert b"</3/0>" in peer.links[-1] and b"3424" not in peer.links[-1]


def test_safe_mode_tries_the_whole_application_again_ever_more_rarely():
    prepared()
    count = Crashes(Slots, ROOT + "/crashes")
    count.count = 5
    count._save()
    pauses = []
    hour = 3600000
    for _ in range(7):
        pauses.append(Crashes(Slots, ROOT + "/crashes").pause() // hour)
        kept, Crashes.pause = Crashes.pause, lambda self: 0
        try:
            assert start() == "reset"  # it ends by itself
        finally:
            Crashes.pause = kept
        assert sorted(clients[-1].model.objects) == [0, 1, 3] and crashes() == 4
        board.cause = WATCHDOG  # the whole application fails again
        Crashes(Slots, ROOT + "/crashes").add()
        board.cause = POWER
    assert pauses == [1, 2, 4, 8, 16, 24, 24]


def test_an_hour_without_a_fault_forgets_them():
    prepared()
    count = Crashes(Slots, ROOT + "/crashes")
    count.add()
    count.stable(3599999)
    assert crashes() == 1
    count.stable(3600000)
    assert crashes() == 0 and Crashes(Slots, ROOT + "/crashes").tries == 0


def test_where_safe_mode_fails_too_the_other_slot_is_next():
    async def bug(client):
        await asyncio.sleep_ms(10)
        fault()

    prepared()
    for _ in range(10):
        assert Slots(ROOT).active == 0
        assert start(bug) == "reset"
    assert Slots(ROOT).active == 1 and crashes() == 0


def test_a_trial_is_confirmed_by_the_first_registration_and_not_before():
    prepared()
    slots = Slots(ROOT)
    slots.running = "a"
    assert slots.switch()
    running = Slots(ROOT)
    running.running = "b"
    board.bearer.up = False

    async def leave(client):
        await asyncio.sleep_ms(1200)
        assert Slots(ROOT).state == 1
        board.bearer.up = True
        await register(client)
        await asyncio.sleep_ms(1100)
        reboot(client)

    kept = meter.run
    meter.run = lambda slots: kept(running)
    try:
        assert start(leave) == "reset"
    finally:
        meter.run = kept
    assert Slots(ROOT).state == 0 and Slots(ROOT).active == 1


def test_a_configuration_that_reached_a_server_is_the_one_to_fall_back_to():
    prepared(endpoint="good")
    assert start(then(reboot)) == "reset"
    configure(endpoint="")
    assert start(then(reboot)) == "reset"
    assert clients[-1].endpoint == "good" and errors() == [19]
    with open(ROOT + "/config.old") as file:
        assert json.load(file)["endpoint"] == "good"


def test_a_configuration_that_never_reached_one_is_not_kept():
    async def leave(client):
        await asyncio.sleep_ms(1100)
        reboot(client)

    prepared(endpoint="bad")
    assert start(leave) == "reset"
    assert "config.old" not in os.listdir(ROOT)


def test_a_wrong_configuration_without_an_older_one_is_a_line_and_a_prompt():
    prepared(endpoint="")
    assert start() == "prompt"
    assert crashes() == 0


def test_a_configuration_that_is_missing_is_replaced_by_the_older_one():
    prepared(endpoint="good")
    assert start(then(reboot)) == "reset"
    os.remove(ROOT + "/config.json")
    assert start(then(reboot)) == "reset"
    assert clients[-1].endpoint == "good" and errors() == [19]


def test_safe_mode_ends_without_a_network_too_and_writes_its_end_once():
    prepared()
    board.bearer.up = False
    count = Crashes(Slots, ROOT + "/crashes")
    count.count = 5
    count._save()

    async def give_up(client):
        await asyncio.sleep_ms(3500)
        raise AssertionError("it goes on")

    kept, Crashes.pause = Crashes.pause, lambda self: 0
    try:
        assert start(give_up) == "reset"
    finally:
        Crashes.pause = kept
    count = Crashes(Slots, ROOT + "/crashes")
    assert (count.count, count.tries) == (4, 1)


def test_a_fault_while_there_is_no_network_is_the_one_that_is_printed():
    prepared()
    board.bearer.up = False
    failed = []
    kept, meter.Meter._failed = meter.Meter._failed, lambda self, error: failed.append(error)
    try:
        board.bearer.poll = fault
        assert start() == "reset"
    finally:
        meter.Meter._failed = kept
        del board.bearer.poll
    assert isinstance(failed[0], ZeroDivisionError), failed


def test_a_slot_that_hangs_in_safe_mode_too_has_the_other_one_started():
    prepared()
    board.cause = WATCHDOG
    for _ in range(10):
        assert Slots(ROOT).active == 0
        start(then(reboot))
    assert Slots(ROOT).active == 1 and crashes() == 0


def test_the_watchdog_runs_before_the_network_is_begun():
    """A driver of a radio may hang; and who imports hangs for ever where the flash is damaged."""
    prepared()
    kept = Board.network, Board.watchdog
    calls = []
    Board.network = lambda self, *words: calls.append("network") or kept[0](self, *words)
    Board.watchdog = lambda self: calls.append("watchdog") or self
    try:
        assert start(then(reboot)) == "reset"
    finally:
        Board.network, Board.watchdog = kept
    assert calls[0] == "watchdog" and calls.count("watchdog") == 1


def test_a_wrong_configuration_ends_the_watchdog_for_the_prompt_but_not_a_trial():
    """A slot on trial that does not take the configuration is followed by the other one."""
    stopped = []
    kept, Board.stop = Board.stop, lambda self: stopped.append(1)
    try:
        for state, end in ((0, "prompt"), (1, "reset")):
            prepared(endpoint="")
            boot = Slots(ROOT)
            boot.state = state
            boot.save()
            assert start() == end
            assert len(stopped) == 1
    finally:
        Board.stop = kept


def test_a_board_that_cannot_live_on_batteries_does_not_start_with_them_alone():
    for sources, end in (([{"source": 1}], "prompt"), ([{"source": 1}, {"source": 0}], "reset")):
        prepared(device={"power": sources})
        assert start(then(reboot)) == end


def test_a_configuration_that_asks_for_too_much_is_replaced_by_the_older_one():
    """Well-formed, but the board has no such source of power, pin or value."""
    for wrong in ({"device": {"power": [{"source": 1}]}}, {"battery": {}}, {"temperature": {}}):
        prepared(endpoint="good")
        assert start(then(reboot)) == "reset"
        configure(endpoint="bad", **wrong)
        downs = board.bearer.downs
        assert start(then(reboot)) == "reset"
        assert clients[-1].endpoint == "good" and errors() == [19]
        assert board.bearer.downs == downs + 1  # it was of the wrong one's settings
        assert crashes() == 0
        with open(ROOT + "/config.old") as file:
            assert json.load(file)["endpoint"] == "good"


def test_where_the_board_refuses_the_network_the_older_configuration_is_used():
    def network(self, settings, log):
        if settings and settings["endpoint"] == "bad":
            raise config.ConfigError("wifi: must be given")
        return self.bearer if settings else None

    from firmware.config import settings as config

    prepared(endpoint="good")
    assert start(then(reboot)) == "reset"
    configure(endpoint="bad")
    kept, Board.network = Board.network, network
    try:
        assert start(then(reboot)) == "reset"
    finally:
        Board.network = kept
    assert clients[-1].endpoint == "good" and errors() == [19]


def test_before_each_reset_the_count_is_saved():
    async def bug(client):
        await asyncio.sleep_ms(10)
        fault()

    for during in (then(reboot), bug):
        prepared()
        assert start(during) == "reset"
        assert [driver.saved for driver in drivers] == [1]


def test_a_count_that_cannot_be_saved_does_not_keep_the_board_from_its_reset():
    prepared()
    kept, Driver.save = Driver.save, fault
    try:
        assert start(then(reboot)) == "reset"
    finally:
        Driver.save = kept


def test_a_checkpoint_that_fails_is_an_error_until_one_does_not():
    seen = []

    async def during(client):
        await register(client)
        for drivers[-1].fault in (4, 0):
            await asyncio.sleep_ms(1300)
            seen.append(errors())
        reboot(client)

    prepared()
    assert start(during) == "reset"
    assert seen == [[21], [0]]


def test_measurements_without_memory_end_in_a_reset():
    """Each of them was a line in the log, for ever."""

    class Full:
        oid = 33000
        instances = {}
        sampled = 0

        def sample(self):
            self.sampled += 1
            if self.sampled != 5:  # then there was some
                raise MemoryError
            return 0

    full = Full()

    async def during(client):
        client.model.objects[33000] = full
        await asyncio.sleep(60)

    prepared()
    kept, app.asyncio.sleep_ms = asyncio.sleep_ms, lambda ms, s=asyncio.sleep_ms: s(min(ms, 20))
    try:
        assert start(during) == "reset"
    finally:
        app.asyncio.sleep_ms = kept
    assert crashes() == 1 and full.sampled == 15


def test_in_production_the_console_is_closed_for_good():
    from firmware import slots

    shut = []
    kept, slots._close_console = slots._close_console, lambda: shut.append(1)
    try:
        prepared(production=True)
        assert start(then(reboot)) == "reset"
        assert shut == [1] and Slots(ROOT).closed
        configure(endpoint="", production=True)  # what can only be mended with a prompt
        os.remove(ROOT + "/config.old")
        rested = len(rests)
        assert start() == "reset" and len(rests) == rested + 1
        configure()
        assert start(then(reboot)) == "reset"
        assert not Slots(ROOT).closed
    finally:
        slots._close_console = kept


def test_the_time_that_a_server_writes_sets_the_chips_clock():
    set_to = []
    machine = type("Machine", (), {"RTC": lambda: Clock, "Counter": None})
    Clock = type("Clock", (), {"datetime": set_to.append})
    kept = sys.modules.get("machine")
    sys.modules["machine"] = machine
    try:
        prepared()
        assert start(then(set_time)) == "reset"
    finally:
        if kept:
            sys.modules["machine"] = kept
        else:
            del sys.modules["machine"]
    assert set_to == [(2026, 11, 27, 4, 4, 50, 15, 0)]  # a Friday


def set_time(client):
    client.model.object(3).write(0, 13, 1795755015)
    reboot(client)


def test_a_bootstrap_server_at_work_is_no_registration():
    async def served(client):
        session = client.bootstrap.core
        while not session.peer:
            await asyncio.sleep_ms(20)
        session.heard(client.clock.now())
        feeds = board.feeds
        while board.feeds < feeds + 3:
            await asyncio.sleep_ms(20)
        found.extend(os.listdir(ROOT))
        reboot(client)

    found = []
    prepared()
    settings = {"bootstrap": {"uri": peer.uri}, "log": 0}
    made(ROOT + "/config.json", json.dumps(settings).encode())
    assert start(served) == "reset"
    assert found == ["config.json"], found
