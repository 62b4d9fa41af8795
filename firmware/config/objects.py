"""The sections of Objects that a meter may do without. Imported only where there is one."""

from .checks import ConfigError, checked, wrong

_SECTIONS = {
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
    # the least holds a line of the greatest length
    "event_log": "bytes -1 i 512 32768;class 4010 i 0 255",
    # the status is that of Object 3
    "battery": "level 1 i 0 100;capacity 2 d 0 0;voltage 3 d 0 0;type 4 s 1 64;"
    "threshold 5 i 0 100;cycles 8 i 0 2147483647;mains_lost 9 f 0 0;status 20 i 0 6",
}
# Lists, and the setting that each item must have
_LISTS = {"device.power": "source", "portfolio": "identity", "app_data": ""}


def check(key: str, value):
    """The value of a setting as Resources by ID, or for a list as Instances of them."""
    section = _SECTIONS[key]
    if key not in _LISTS:
        return checked(key, value, section, True)
    if not isinstance(value, list):
        wrong(key, value, "a list")
    needed = _LISTS[key]
    instances = {}
    for i, item in enumerate(value):
        place = "%s[%d]" % (key, i)
        instances[i] = checked(place, item, section, True)
        if needed and needed not in item:
            raise ConfigError("%s.%s: must be given" % (place, needed))
    if key != "device.power":
        return instances
    sources = {}
    for i, resources in instances.items():
        for rid, number in resources.items():
            sources.setdefault(rid, {})[i] = number
    return sources
