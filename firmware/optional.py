"""Objects that a meter may do without: their part of the configuration, and how they are made.

Imported only where one of them is configured.
"""

from binascii import unhexlify

from config import ConfigError, boolean, decimal, integer, mapping, string, wrong

# Of each setting its name, Resource and kind: i an integer, s a text, d a decimal, f a flag;
# then the least and the most, of a text in bytes. I, S and B (texts for bytes) are lists.
_FIELDS = {
    "device.power": "source 6 i 0 7;millivolts 7 i 0 1000000;milliamperes 8 i -1000000 1000000",
    "connectivity": "bearer 0 i 0 50;available 1 I 0 50;signal 2 i -200 100;quality 3 i -255 255;"
    "addresses 4 S 1 45;routers 5 S 1 45;utilization 6 i 0 100;apn 7 S 1 100;"
    "cell 8 i 0 268435455;smnc 9 i 0 999;smcc 10 i 0 999;snr 11 i -100 100;lac 12 i 0 65535;"
    "coverage 13 i 0 4",
    "statistics": "period 8 i 0 2147483647",
    "portfolio": "identity 0 S 1 255",
    "app_data": "data 0 B 1 2048;priority 1 i 0 255;created 2 i 0 4294967295;"
    "description 3 s 1 32;format 4 s 1 32;app_id 5 i 0 65535",
    "temperature": "value 5700 d 0 0;units 5701 s 1 32;lowest 5603 d 0 0;highest 5604 d 0 0;"
    "application 5750 s 1 64",
    # the status is that of Object 3
    "battery": "level 1 i 0 100;capacity 2 d 0 0;voltage 3 d 0 0;type 4 s 1 64;"
    "threshold 5 i 0 100;cycles 8 i 0 2147483647;mains_lost 9 f 0 0;status 20 i 0 6",
}
_SUITES = (0xC0A8, 0xC0A4, 0xAE)  # of PSK: AES-128 in CCM_8, CCM, CBC with SHA-256
_LISTS = ("device.power", "portfolio", "app_data")
_NEEDED = {"connectivity": ("bearer", 0), "temperature": ("value", 5700), "battery": ("level", 1)}


def _fields(key):
    # The settings of a section by name
    found = {}
    for line in _FIELDS[key].split(";"):
        name, rid, kind, low, high = line.split()
        found[name] = int(rid), kind, int(low), int(high)
    return found


def _value(place, value, kind, low, high):
    if kind in "ISB":
        if not isinstance(value, list):
            wrong(place, value, "a list")
        one = "i" if kind == "I" else "s"
        values = {}
        for i, item in enumerate(value):
            item = _value("%s[%d]" % (place, i), item, one, low, high)
            values[i] = item.encode() if kind == "B" else item
        return values
    if kind == "i":
        return integer(place, value, low, high)
    if kind == "s":
        return string(place, value, high)
    if kind == "f":
        return boolean(place, value)
    try:
        return decimal(value)
    except ValueError:
        wrong(place, value, 'an integer or a text like "21.5" (floats are not exact on boards)')


def _resources(place, value, fields):
    mapping(place, value, fields)
    found = {}
    for key in value:
        rid, kind, low, high = fields[key]
        found[rid] = _value(place + "." + key, value[key], kind, low, high)
    return found


def check(key: str, value):
    """The value of a setting as Resources by ID, or for a list as Instances of them."""
    fields = _fields(key)
    if key not in _LISTS:
        return _resources(key, value, fields)
    if not isinstance(value, list):
        wrong(key, value, "a list")
    instances = {}
    for i, one in enumerate(value):
        place = "%s[%d]" % (key, i)
        instances[i] = resources = _resources(place, one, fields)
        for name in ("source", "identity"):
            if name in fields and name not in one:
                raise ConfigError("%s.%s: must be given" % (place, name))
    if key != "device.power":
        return instances
    sources = {}
    for i, resources in instances.items():
        for rid, each in resources.items():
            sources.setdefault(rid, {})[i] = each
    return sources


def check_psk(place: str, server: dict) -> None:
    """The identity and the key (hex) of a coaps server, as bytes from now on; or ConfigError.

    A wrong key is not shown.
    """
    string(place + ".identity", server.get("identity"), 128)
    server["identity"] = server["identity"].encode()
    try:
        key = unhexlify(server.get("key", ""))
    except (ValueError, TypeError):
        key = b""
    if not 16 <= len(key) <= 64:
        raise ConfigError(place + ".key: must be 32 to 128 hexadecimal digits, secret and random")
    server["key"] = key
    suites = server.setdefault("suites", [0xC0A8])
    if not isinstance(suites, list) or not suites:
        wrong(place + ".suites", suites, "a list of numbers of the IANA's TLS cipher suites")
    for i, one in enumerate(suites):
        if one not in _SUITES:
            wrong("%s.suites[%d]" % (place, i), one, "one of %s" % ", ".join(map(str, _SUITES)))


def add(key: str, client, given: dict, board: dict) -> None:
    """Give the client the Object of a checked setting, with what the board knows of it."""
    model = client.model
    resources = dict(board)
    resources.update(given)
    name, rid = _NEEDED.get(key, ("", 0))
    if name and rid not in resources:
        raise ConfigError("%s.%s: must be given, for the board does not know it" % (key, name))
    if key == "connectivity":
        from lwm2m.objects.connectivity_monitoring import ConnectivityMonitoring

        made = ConnectivityMonitoring(resources)
    elif key == "statistics":
        from lwm2m.objects.connectivity_statistics import ConnectivityStatistics

        made = ConnectivityStatistics(client.clock.now, resources.get(8, 0))
        # beneath DTLS, so that its records and handshakes count
        client.transports["coap"] = made.counted(client.transports["coap"])
    elif key == "temperature":
        from lwm2m.objects.temperature import Temperature

        resources.setdefault(5701, "Cel")
        made = Temperature({0: resources})
    elif key == "battery":
        from lwm2m.objects.battery import Battery

        device = model.object(3).instances[0]
        device.setdefault(9, resources[1])
        if 20 in resources:
            device.setdefault(20, resources.pop(20))
        made = Battery({0: resources})
    else:
        for iid in resources:
            resources[iid] = dict(resources[iid])  # servers change it, not the configuration
        if key == "portfolio":
            from lwm2m.objects.portfolio import Portfolio

            made = Portfolio(resources)
        else:
            from lwm2m.objects.binary_app_data import BinaryAppData

            for kept in resources.values():
                kept.setdefault(0, {0: b""})
            made = BinaryAppData(resources)
    model.objects[made.oid] = made
