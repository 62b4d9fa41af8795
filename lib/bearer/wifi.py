"""Wi-Fi as a station: joined again when it is lost, with the reason in the log.

Codes of `WLAN.status()` (MicroPython 1.26): rp2 has 0 idle, 1 joining, 2 no address yet, 3 up, and
below 0 failures; esp32 has 1000 idle, 1001 joining, 1010 up, and below 1000 ESP-IDF's
wifi_err_reason_t. None of them blocks; `active(True)` does, for about a second on a CYW43.
"""

import os

from micropython import const

from .base import Bearer

_WLAN = const(21)  # /4/0/0
_COMING_MS = const(20000)  # to be joined, and to have an address by DHCP
_IDLE_MS = const(3000)  # a driver that has joined nothing by then does not try
# ESP-IDF says 15 or 204, its handshake timed out, of most wrong passwords, and 202 of few.
_WRONG_PASSWORD = (-3, 202, 204, 15)
# esp32 raises RuntimeError for what of ESP-IDF it has no text, such as too little memory
_WLAN_ERRORS = (OSError, ValueError, RuntimeError)
_NOT_THERE = (-2, 201, 210, 211, 212)


class Wifi(Bearer):
    """Keeps the Wi-Fi of a checked section `wifi` joined."""

    def __init__(self, network, settings: dict, log=None, random=os.urandom):
        """Join. `network` is MicroPython's module; see Bearer."""
        country = settings.get("country")
        if country:
            network.country(country)  # before the radio is on
        super().__init__(network.WLAN(network.STA_IF), _WLAN, log, random)
        self.settings = settings
        self.idle = network.STAT_IDLE
        self.on = False  # of the radio; before 1.21 a CYW43's active() is whether it is joined
        power_save = settings.get("power_save")
        self.power = None if power_save is None else _power(network.WLAN, power_save)
        self._begin(0)

    def connectivity(self) -> dict:
        """What is known of the network, by Resource of Object 4."""
        known = super().connectivity()
        known[2] = self._signal
        return known

    def _signal(self):
        # dBm; 0 where it is not known
        try:
            return self.interface.status("rssi")
        except _WLAN_ERRORS:
            return 0

    def _begin(self, now):
        self.due = None
        self.since = now
        wlan = self.interface
        if self.log:
            self.log(3, "wifi", "joining " + self.settings["ssid"])
        try:
            if not self.on:
                wlan.active(True)
                self.on = True
                if self.idle:  # esp32 would try for ever, and say nothing of a wrong password
                    wlan.config(reconnects=0)
                if self.power is not None:
                    wlan.config(pm=self.power)
            wlan.connect(self.settings["ssid"], self.settings.get("password"))
        except _WLAN_ERRORS as error:
            self._failed(error)

    def _failed(self, error):
        # A driver that is in no state to do it: the radio begins anew with the next attempt
        if self.log:
            self.log(2, "wifi", error)
        self._radio_off()

    def _coming(self, now):
        waited = now - self.since
        if self.was_up:  # a short loss: the driver may come back by itself
            self.was_up = False
            self.since = now
            waited = 0
        status = self.interface.status()
        return (
            status > self.idle
            and waited <= _COMING_MS
            or (status == self.idle and waited <= _IDLE_MS)
        )

    def _reason(self):
        status = self.interface.status()
        if status in _WRONG_PASSWORD:
            return "wrong password"
        if status in _NOT_THERE:
            return "no such network"
        return "status %d" % status

    def _end(self):
        try:
            self.interface.disconnect()
        except _WLAN_ERRORS:
            pass  # it was not joined

    def _radio_off(self):
        self.on = False
        try:
            self.interface.active(False)
        except _WLAN_ERRORS:
            pass

    def down(self) -> None:
        """Leave the network and switch the radio off, before a sleep or a reset."""
        self._end()
        self._radio_off()


def _power(wlan, name):
    # The value of a setting `power_save`
    if name == "none":
        return wlan.PM_NONE
    return wlan.PM_POWERSAVE if name == "powersave" else wlan.PM_PERFORMANCE
