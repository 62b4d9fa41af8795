"""The meter's program, the same on every board."""

import os

from micropython import const

import board

_REGISTERED = const(4)  # a state of a registration
_KEEP_MS = const(1000)
_UP_MS = const(20)
_GC_EARLY = const(24576)  # bytes of garbage until a collection, while a start leaves what stays
_GC_LATER = const(65536)
_REST_S = const(10)
_SINCE_2000 = const(946684800)  # from 1970 on: an ESP32 counts from 2000
_SAMPLING_GRACE_MS = const(60000)  # what slow probes may take

_WATCHDOG_RESET = const(3)  # of board.reset_cause
# The device's own errors in /3/0/11
_RESTARTED = const(16)  # after a fault of its own
_HUNG = const(17)  # the watchdog reset it
_SAFE_MODE = const(18)
_OLD_CONFIGURATION = const(19)
_UPDATE_FAILED = const(20)  # the other slot is back
_NO_CHECKPOINT = const(21)  # a power cut would lose pulses

# States of the boot record
_ON_TRIAL = const(1)
_BACK = const(2)


def run(boot) -> None:
    """Run the meter. A Reboot by the server, a fault or a task that hangs resets the board.

    `boot` is what the boot selector knows, a `slots.Slots`. Returns only where the configuration
    is wrong, no older one is there, and the console is open.
    """
    watchdog = board.watchdog()  # before whatever may hang: a radio's driver, an import
    try:
        _run(boot, watchdog)
    except KeyboardInterrupt:
        watchdog.stop()
        raise


def _wait(folder, watchdog):
    # Until it is commissioned: that is in few configurations, so their text is looked at first
    try:
        with open(folder + "/config.json") as file:
            if '"inactive"' not in file.read():
                return
        from firmware.inactive import wait
    except (OSError, ImportError):  # said where the configuration is checked
        return
    wait(folder, watchdog)


def _run(boot, watchdog):
    _wait("/config", watchdog)
    bearer = board.network({}, None)
    # Imported only now: a modem connects meanwhile.
    import gc

    from firmware.crashes import Crashes

    # Collected early and often: what stays alive lies together, and large blocks stay free.
    gc.threshold(_GC_EARLY)
    crashes = Crashes(boot, board.storage() + "/crashes")
    hung = board.reset_cause() == _WATCHDOG_RESET
    if hung:
        crashes.add()
        if not crashes.count:  # the other slot is next
            board.reset()
    Meter(boot, crashes, bearer, hung, watchdog).run()


class Meter:
    """One start of the meter."""

    path = "/config/config.json"

    def __init__(self, boot, crashes, bearer, hung: bool, watchdog):
        self.boot = boot
        self.crashes = crashes
        self.bearer = bearer
        self.errors = []
        self.watchdog = watchdog
        self.counter = None  # what counts pulses
        self.fault = 0  # of its checkpoints
        self.served = False
        self.state = None
        if hung:
            self.errors.append(_HUNG)
        elif crashes.count:
            self.errors.append(_RESTARTED)
        if boot.state == _BACK:
            self.errors.append(_UPDATE_FAILED)
        self.safe = crashes.safe()
        if self.safe:
            self.errors.append(_SAFE_MODE)

    def run(self) -> None:
        """Until a reset; see `run` of the module."""
        import asyncio

        from firmware.config.checks import ConfigError

        try:
            asyncio.run(self._built())
        except ConfigError as error:
            print("meter:", error)
            if self.boot.state != _ON_TRIAL and not self.boot.closed:
                self.watchdog.stop()
                return
            self._rest()
        except Exception as error:  # noqa: BLE001 nobody comes to restart a meter in a pit
            self._failed(error)
        self._save()
        board.reset()

    def _failed(self, error):
        print("meter:", repr(error))
        self.crashes.add()
        self._rest()

    def _rest(self):
        # Should it fail again at once, it does not hammer the network
        import time

        time.sleep(_REST_S)

    def _save(self):
        # What was counted since the last checkpoint, before a reset that may forget it
        try:
            if hasattr(self.counter, "save"):
                self.counter.save()
        except Exception as error:  # noqa: BLE001 the reset must come
            print("meter:", repr(error))

    def _built(self):
        # The coroutine that runs, of the configuration; where that is wrong, or asks for what the
        # board or the software has not, of the one with which a server was reached last
        from firmware.config import settings as config

        try:
            os.stat(self.path.rpartition("/")[0])
        except OSError:  # no configuration area
            self.path = "config.json"
        try:
            return self._made(self.path, config.load(self.path))
        except config.ConfigError as error:
            path = self.path[:-4] + "old"
            try:
                settings = config.load(path)
            except config.ConfigError:
                raise error
            print("meter:", error)
        self.errors.append(_OLD_CONFIGURATION)
        return self._made(path, settings)

    def _made(self, path, settings):
        # What is not needed any more does not stay
        from firmware import app

        self.boot.close(settings["production"])  # no prompt at any port
        known = {}
        self.log = log = app.start_log(settings, print, known)
        log(3, "started", self.boot.running or "-", board.reset_cause(), self.crashes.count)
        if self.safe:
            log(1, "safe mode", self.crashes.count, self.crashes.pause() // 1000)
        self._erase(log)
        bearer = self.bearer or board.network(settings, log)
        bearer.log = log
        known["connectivity"] = bearer.connectivity()
        known["errors"] = self.errors
        known["power_class"] = board.POWER_CLASS
        known["pins"] = board.PINS
        known["pulses"] = self._pulses
        if board.battery:
            known["battery"] = {3: _voltage}
        known["set_clock"] = _set_clock
        known["safe"] = self.safe
        known["storage"] = board.storage()
        self.known = known
        self.used = path
        if board.memory() or self._stored():
            self._keep_state()
        try:
            client, _ = app.build(settings, log, known)
        except ValueError:  # a ConfigError
            if bearer != self.bearer:  # it is of these settings
                bearer.down()
            raise
        self.bearer = bearer
        client.transports["coap"] = bearer.guarded(client.transports["coap"])
        self.client = client
        return self._serve(settings["sampling"])

    def _stored(self):
        try:
            os.stat(board.storage() + "/state")
        except OSError:
            return False
        return True

    def _keep_state(self):
        # From now on what is to outlive a restart is kept
        from firmware import state

        path = board.storage() + "/state"
        checksum = state.checksum(self.used)
        self.state = state.State(path, checksum, self.log, board.memory())
        self.known["state"] = self.state

    def _pulses(self, settings):
        if self.counter:  # of a configuration that was wrong: its DMA channel is given back
            import gc

            self.counter = None
            gc.collect()
        self.counter = board.pulses(settings)
        return self.counter

    def _erase(self, log):
        # A factory reset that a power cut interrupted
        try:
            os.stat(board.storage() + "/erasing")
        except OSError:
            return
        from firmware import erase

        erase.finish(board.storage(), log)

    async def _serve(self, period):
        import asyncio

        from firmware import app
        from firmware.supervise import Supervisor, prompt

        client = self.client
        supervisor = Supervisor(self.watchdog, client.clock.now)
        supervisor.check("client", prompt(client))
        measured = supervisor.watch("sampling", period * 1000 + _SAMPLING_GRACE_MS)
        keeper = asyncio.create_task(self._keep(supervisor))
        await app.serve(client, period, self.log, measured, self._up)
        keeper.cancel()

    async def _up(self):
        # The bearer has an address; it takes note of the one that is registered
        import asyncio

        while not self.bearer.is_up():
            await asyncio.sleep_ms(_UP_MS)
        self.bearer.poll(self.client.clock.now(), False)

    async def _keep(self, supervisor):
        # What is neither the client's nor the application's: bearer, watchdog, crashes
        import asyncio

        client = self.client
        began = client.clock.now()
        until = began + self.crashes.pause() if self.safe else None
        while True:
            supervisor.feed()
            now = client.clock.now()
            registered = False
            for link in client.links:
                # a bootstrap server's link has other states, and no location
                if link.core.state == _REGISTERED and link.core.location:
                    registered = True
                    self._reached()
            if self.bearer.poll(now, registered):
                client.restart()
            if not self.safe:
                self._poll_state(now, registered)
            self._look()
            if not self.safe:
                self.crashes.stable(now - began)
            elif now >= until:
                self.crashes.leave()
                board.reset()  # the client may not have begun: it waits for a network
            await asyncio.sleep_ms(_KEEP_MS)

    def _look(self):
        # Are the counter's checkpoints kept?
        fault = getattr(self.counter, "fault", 0)
        if fault == self.fault:
            return
        self.fault = fault
        device = self.client.model.object(3)
        if fault:
            self.log(1, "no checkpoint", fault)
            device.error(_NO_CHECKPOINT)
        else:
            device.clear(_NO_CHECKPOINT)

    def _poll_state(self, now, registered):
        if self.state:
            self.state.poll(now)
        elif registered:  # a start that has nothing to go on from is not late because of it
            self._keep_state()
            self.state.begin(self.client)

    def _reached(self):
        # A server is: this software and this configuration are good
        if self.served:
            return
        self.served = True
        import gc

        gc.threshold(_GC_LATER)  # not before: what stays alive would lie apart
        if not self.safe:
            self.boot.confirm()
            if _OLD_CONFIGURATION not in self.errors:
                self._keep_configuration()

    def _keep_configuration(self):
        # As the one to fall back to
        old = self.path[:-4] + "old"
        try:
            with open(self.path, "rb") as file:
                text = file.read()
            try:
                with open(old, "rb") as file:
                    if file.read() == text:
                        return
            except OSError:
                pass
            with open(old + ".new", "wb") as file:
                file.write(text)
            os.rename(old + ".new", old)
        except OSError as error:
            self.log(2, "configuration not kept", error.errno)


def _voltage():
    # Of the board's battery, as Object 3411 has it
    millivolts = board.battery()
    return None if millivolts is None else (millivolts, -3)


def _set_clock(seconds):
    # The chip's, so that the log has the time of day
    import time

    import machine

    if time.gmtime(0)[0] == 2000:
        seconds -= _SINCE_2000
    at = time.gmtime(seconds)
    machine.RTC().datetime((at[0], at[1], at[2], at[6], at[3], at[4], at[5], 0))
