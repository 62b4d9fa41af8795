"""What boards with an ESP32 share, over a stand-in of `machine`."""

import sys


class Machine:
    def __init__(self):
        self.timeouts, self.fed, self.slept = [], 0, []

    def WDT(self, timeout):
        self.timeouts.append(timeout)
        return self

    def feed(self):
        self.fed += 1

    def deepsleep(self, ms):
        self.slept.append(ms)

    def reset_cause(self):
        return 4

    def unique_id(self):
        return bytes.fromhex("a0b1c2d3e4f5")


def started():
    machine = sys.modules["machine"] = Machine()
    sys.modules.pop("chip.esp32", None)
    return machine, __import__("chip.esp32", None, None, ("reset",))


def test_the_watchdog_waits_half_a_minute_and_is_fed_by_who_is_alive():
    machine, esp32 = started()
    watchdog = esp32.Watchdog()
    watchdog.alive()
    assert machine.timeouts == [30000] and machine.fed == 1


def test_the_watchdog_leaves_whoever_works_at_the_repl_a_day():
    machine, esp32 = started()
    esp32.Watchdog().stop()
    assert machine.timeouts[-1] == 86400000


def test_sleep_is_deep_and_the_identity_is_12_digits():
    machine, esp32 = started()
    esp32.sleep(3600000)
    assert machine.slept == [3600000]
    assert esp32.unique_id() == "a0b1c2d3e4f5" and esp32.reset_cause() == 4
