"""MicroPython's `network` with a Wi-Fi radio, as the ports rp2 (CYW43) and esp32 have it.

What each port does follows its sources (extmod/network_cyw43.c, ports/esp32/network_wlan.c):
`status()`, what raises, what connect() does while connecting, and that an ESP32 tries for ever,
with the status "connecting", unless `reconnects` says otherwise. Time is `air.now`, in ms.
"""

RP2 = {
    "STAT_IDLE": 0,
    "STAT_CONNECTING": 1,
    "STAT_GOT_IP": 3,
    "STAT_CONNECT_FAIL": -1,
    "STAT_NO_AP_FOUND": -2,
    "STAT_WRONG_PASSWORD": -3,
}
ESP32 = {
    "STAT_IDLE": 1000,
    "STAT_CONNECTING": 1001,
    "STAT_GOT_IP": 1010,
    "STAT_BEACON_TIMEOUT": 200,
    "STAT_NO_AP_FOUND": 201,
    "STAT_WRONG_PASSWORD": 202,
    "STAT_ASSOC_FAIL": 203,
    "STAT_HANDSHAKE_TIMEOUT": 204,
}
_UNSPECIFIED = 1
_AUTH_EXPIRE = 2
_HANDSHAKE = 15  # ESP-IDF's WIFI_REASON_4WAY_HANDSHAKE_TIMEOUT: what most wrong passwords give


class Air:
    """What is around the radio: one access point, which may vanish, and its DHCP server."""

    def __init__(self):
        self.now = 0
        self.ssid, self.password = "works", "12345678"
        self.there = True
        self.joining_ms, self.dhcp_ms = 800, 400
        self.address = "192.168.1.7"


class Wlan:
    """The station. `faults`: how many of the next connect() raise."""

    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 1, 2, 3

    def __init__(self, port, air):
        self.port, self.air = port, air
        self.esp = port is ESP32
        self.radio = False
        self.power = None
        self.reconnects = -1
        self.faults = self.leaving_faults = 0  # how many of the next calls fail
        self.connects = []  # the time of each
        self.actives = []
        self.joined = self.wanted = self.failed = None
        self.since = 0

    def active(self, on=None):
        if on is None:
            return self.radio
        self.actives.append(on)
        self.radio = on
        if not on:
            self.joined = self.wanted = None
        return None

    def config(self, **settings):
        if not self.radio:
            raise OSError("Wifi Not Started" if self.esp else "STA must be active")
        for key, value in settings.items():
            if key == "pm":
                self.power = value
            elif key == "reconnects" and self.esp:
                self.reconnects = value
            else:
                raise ValueError("unknown config param")

    def connect(self, ssid, key=None):
        self.connects.append(self.air.now)
        if not self.radio:
            raise OSError("Wifi Not Started" if self.esp else -5)
        if self.faults:
            self.faults -= 1
            if self.esp and self.faults % 2:
                raise RuntimeError("Wifi Unknown Error 0x0101")  # ESP_ERR_NO_MEM
            raise OSError("Wifi Internal State Error" if self.esp else -1)
        if self.esp and self.wanted and self.failed is None and not self.joined:
            raise OSError("Wifi Internal State Error")  # it is connecting
        self.wanted, self.failed, self.joined = (ssid, key), None, None
        self.since = self.air.now

    def disconnect(self):
        if not self.radio and self.esp:
            raise OSError("Wifi Not Started")
        if self.leaving_faults:
            self.leaving_faults -= 1
            raise RuntimeError("Wifi Unknown Error 0xffffffff") if self.esp else OSError(-1)
        self.wanted = self.joined = self.failed = None

    def _run(self):
        # What the driver has done by now
        air = self.air
        if not self.wanted:
            return
        if self.joined and not (air.there and self.joined == air.address):
            self.joined = None
            self._fail(200 if self.esp else 0)
        if self.joined or self.failed is not None:
            return
        if air.now - self.since < air.joining_ms:
            return
        if not air.there or self.wanted[0] != air.ssid:
            self._fail(201 if self.esp else -2)
        elif self.wanted[1] != air.password:
            self._fail(_HANDSHAKE if self.esp else -3)
        elif air.now - self.since >= air.joining_ms + air.dhcp_ms:
            self.joined = air.address

    def _fail(self, code):
        if self.esp and self.reconnects == -1:
            self.since = self.air.now  # it tries for ever
        else:
            self.failed = code

    def isconnected(self):
        self._run()
        return bool(self.joined)

    def ifconfig(self):
        return self.joined or "0.0.0.0", "255.255.255.0", "192.168.1.1", "192.168.1.1"

    def status(self, what=None):
        self._run()
        if what == "rssi":
            if not self.joined and self.esp:
                raise OSError("Wifi Not Connected")
            return -61 if self.joined else 0
        if self.joined:
            return self.port["STAT_GOT_IP"]
        if self.failed is not None:
            return self.failed
        if not self.wanted:
            return self.port["STAT_IDLE"]
        waiting = self.air.now - self.since >= self.air.joining_ms
        return 2 if waiting and not self.esp else self.port["STAT_CONNECTING"]


class Network:
    """The module `network` of a port."""

    STA_IF = 0

    def __init__(self, port, air):
        self.station = Wlan(port, air)
        self.countries = []
        for name, value in port.items():
            setattr(self, name, value)
        station = self.station

        class WLAN:
            PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 1, 2, 3

            def __new__(cls, interface):
                return station

        self.WLAN = WLAN

    def country(self, code):
        assert not self.station.radio, "the radio takes it as it is switched on"
        self.countries.append(code)
