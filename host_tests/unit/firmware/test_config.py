"""The configuration: every wrong value is refused with its name, its place and a remedy."""

import os
import sys

from firmware.config import settings as config
from virtual import text_of

from lwm2m.configured import objects
from lwm2m.uri import split_uri

SERVER = {"uri": "coap://h:1"}
KEY = "000102030405060708090a0b0c0d0e0f"
HERE = "config_under_test.json"


def refusal(given):
    """The one line that tells what is wrong."""
    line = text_of(config.ConfigError, config.check, given)
    assert "\n" not in line
    return line


def test_nothing_given_is_the_default():
    whole = config.check({})
    assert whole["servers"][0]["uri"] == "coap://127.0.0.1:5683"
    assert whole["water"]["litres_per_pulse"] == (1, -1)
    assert whole["version"] == "1.1" and whole["log"] == 3


def test_what_is_given_goes_over_the_default():
    whole = config.check(
        {
            "endpoint": "urn:imei:1",
            "servers": [{"uri": "coap://[::1]:5693", "lifetime": 60}],
            "device": {"serial": "42"},
            "water": {"litres_per_pulse": "0.025"},
            "coap": {"ack_timeout": 4000, "szx": 2},
        }
    )
    assert whole["servers"] == [{"uri": "coap://[::1]:5693", "lifetime": 60, "short_server_id": 1}]
    assert whole["device"]["serial"] == "42"
    assert whole["device"]["manufacturer"] == "micropython-lwm2m"
    assert whole["water"]["litres_per_pulse"] == (25, -3)
    assert whole["coap"] == {"ack_timeout": 4000, "szx": 2}


def test_checking_does_not_change_the_default():
    config.check({"water": {"kind": "other"}, "device": {"serial": "42"}})
    assert config.check({})["water"]["kind"] == "simulated"
    assert config.check({})["device"]["serial"] == "0001"
    assert config.check({})["water"]["litres_per_pulse"] == (1, -1)


def test_unknown_settings_are_named_with_what_there_is():
    assert refusal({"serial": 1}).startswith("serial: no such setting; there are endpoint, ")
    assert "device.colour: no such setting" in refusal({"device": {"colour": "red"}})
    assert "servers[0].url: no such" in refusal({"servers": [{"url": "x"}]})
    assert "coap.mtu: no such" in refusal({"coap": {"mtu": 1}})
    assert "water.unit: no such" in refusal({"water": {"unit": 1}})


def test_several_servers_are_refused_as_long_as_there_is_no_access_control():
    second = dict(SERVER, short_server_id=2)
    assert "no access control" in refusal({"servers": [SERVER, second]})
    assert "no access control" in refusal({"servers": [SERVER, SERVER]})


def test_a_server_without_dtls_has_neither_key_nor_identity():
    for more in ({"key": KEY}, {"identity": "m"}, {"identity": "m", "key": KEY}):
        line = refusal({"servers": [dict(SERVER, **more)]})
        assert line.startswith('servers[0].uri: "coap://h:1": must be coaps://'), line
        assert KEY not in line


def test_every_wrong_value_is_named_with_its_place_and_remedy():
    for given, place, value, remedy in (
        ({"endpoint": ""}, "endpoint", '""', "1 to 128 bytes"),
        ({"endpoint": "x" * 129}, "endpoint", "x" * 129, "1 to 128 bytes"),
        ({"endpoint": 7}, "endpoint", "7", "a text"),
        ({"version": "1.3"}, "version", '"1.3"', '"1.2"'),
        ({"version": 1}, "version", "1", '"1.2"'),
        ({"servers": []}, "servers", "servers", "a list of one server"),
        ({"servers": {}}, "servers", "servers", "a list"),
        ({"servers": [1]}, "servers[0]", "1", "an object in braces"),
        ({"servers": [{}]}, "servers[0].uri", "null", "a text"),
        ({"servers": [{"uri": "h:1"}]}, "servers[0].uri", '"h:1"', "like coap://"),
        ({"servers": [{"uri": "http://h"}]}, "servers[0].uri", '"http://h"', "like coap://"),
        ({"servers": [dict(SERVER, lifetime=0)]}, "servers[0].lifetime", "0", "from 1 to"),
        ({"servers": [dict(SERVER, lifetime="1")]}, "servers[0].lifetime", '"1"', "integer"),
        ({"servers": [dict(SERVER, lifetime=True)]}, "servers[0].lifetime", "true", "integer"),
        (
            {"servers": [dict(SERVER, short_server_id=0)]},
            "servers[0].short_server_id",
            "0",
            "from",
        ),
        ({"device": []}, "device", "[]", "an object in braces"),
        ({"device": {"serial": 1}}, "device.serial", "1", "a text"),
        ({"device": {"model": ""}}, "device.model", '""', "a text"),
        ({"water": {"kind": ""}}, "water.kind", '""', "a text"),
        ({"water": {"litres_per_pulse": "x"}}, "water.litres_per_pulse", '"x"', "above 0"),
        ({"water": {"litres_per_pulse": 0}}, "water.litres_per_pulse", "0", "above 0"),
        ({"water": {"litres_per_pulse": "-1"}}, "water.litres_per_pulse", '"-1"', "above 0"),
        ({"water": {"litres_per_pulse": True}}, "water.litres_per_pulse", "true", "above 0"),
        ({"water": {"litres_per_pulse": [1, 2]}}, "water.litres_per_pulse", "[1, 2]", "above 0"),
        ({"water": {"litres_per_pulse": 0.5}}, "water.litres_per_pulse", "0.5", "not exact"),
        ({"water": {"flow": []}}, "water.flow", "[]", "a list of [seconds"),
        ({"water": {"flow": [1]}}, "water.flow[0]", "1", "[seconds, litres"),
        ({"water": {"flow": [[1]]}}, "water.flow[0]", "[1]", "[seconds, litres"),
        ({"water": {"flow": [[1, 2], [0, 2]]}}, "water.flow[1][0]", "0", "from 1 to 86400"),
        ({"water": {"flow": [[1, -2]]}}, "water.flow[0][1]", "-2", "from 0 to"),
        ({"coap": 1}, "coap", "1", "an object in braces"),
        ({"coap": {"szx": 7}}, "coap.szx", "7", "from 0 to 6"),
        ({"coap": {"ack_timeout": 99}}, "coap.ack_timeout", "99", "from 100 to 60000"),
        ({"coap": {"ack_random": 999}}, "coap.ack_random", "999", "from 1000"),
        ({"coap": {"max_retransmit": -1}}, "coap.max_retransmit", "-1", "from 0 to 10"),
        ({"coap": {"nstart": 0}}, "coap.nstart", "0", "from 1"),
        ({"coap": {"body_limit": 63}}, "coap.body_limit", "63", "from 64"),
        ({"registration": {"spread": -1}}, "registration.spread", "-1", "from 0 to 86400"),
        ({"registration": {"update_pause": ""}}, "registration.update_pause", '""', "an integer"),
        ({"coap": {"memory": 8191}}, "coap.memory", "8191", "from 8192"),
        ({"coap": {"handler_time": 999}}, "coap.handler_time", "999", "from 1000"),
        ({"device": {"utc_offset": "+01:00" * 3}}, "device.utc_offset", "+01", "1 to 16"),
        ({"device": {"timezone": ""}}, "device.timezone", '""', "1 to 64"),
        ({"device": {"power": 1}}, "device.power", "1", "a list"),
        ({"device": {"power": [1]}}, "device.power[0]", "1", "an object in braces"),
        ({"device": {"power": [{}, 1]}}, "device.power[0].source", "", "must be given"),
        (
            {"device": {"power": [{"source": 8}]}},
            "device.power[0].source",
            "8",
            "from 0 to 7",
        ),
        ({"connectivity": []}, "connectivity", "[]", "an object in braces"),
        ({"connectivity": {"bearer": 51}}, "connectivity.bearer", "51", "from 0 to 50"),
        ({"connectivity": {"available": 6}}, "connectivity.available", "6", "a list"),
        ({"connectivity": {"available": [6, "7"]}}, "connectivity.available[1]", '"7"', "integer"),
        ({"connectivity": {"apn": [""]}}, "connectivity.apn[0]", '""', "a text of 1 to 100"),
        ({"connectivity": {"smcc": 1000}}, "connectivity.smcc", "1000", "from 0 to 999"),
        ({"connectivity": {"cell": True}}, "connectivity.cell", "true", "an integer"),
        ({"statistics": True}, "statistics", "true", "an object in braces"),
        ({"statistics": {"period": -1}}, "statistics.period", "-1", "from 0 to"),
        ({"portfolio": {}}, "portfolio", "{}", "a list"),
        ({"portfolio": [{}]}, "portfolio[0].identity", "", "must be given"),
        ({"portfolio": [{"identity": "x"}]}, "portfolio[0].identity", '"x"', "a list"),
        (
            {"portfolio": [{"identity": ["a"]}, {"identity": ["b", 1]}]},
            "portfolio[1].identity[1]",
            "1",
            "a text of 1 to 255",
        ),
        ({"app_data": 1}, "app_data", "1", "a list"),
        ({"app_data": [{"data": "x"}]}, "app_data[0].data", '"x"', "a list"),
        ({"app_data": [{"priority": 256}]}, "app_data[0].priority", "256", "from 0 to 255"),
        ({"app_data": [{"format": "x" * 33}]}, "app_data[0].format", "x" * 33, "1 to 32"),
        ({"temperature": {"value": 21.5}}, "temperature.value", "21.5", "not exact"),
        ({"temperature": {"value": "warm"}}, "temperature.value", '"warm"', 'like "21.5"'),
        ({"temperature": {"highest": None}}, "temperature.highest", "null", "an integer or"),
        ({"battery": {"level": 101}}, "battery.level", "101", "from 0 to 100"),
        ({"battery": {"mains_lost": 0}}, "battery.mains_lost", "0", "true or false"),
        ({"battery": {"status": 7}}, "battery.status", "7", "from 0 to 6"),
        ({"log": 5}, "log", "5", "from 0 to 4"),
        ({"log": None}, "log", "null", "an integer"),
        ({"log": {"level": 5}}, "log.level", "5", "from 0 to 4"),
        ({"log": {"dtls": "much"}}, "log.dtls", "", "nothing, error, warning, news, detail"),
        ({"log": {"level": True}}, "log.level", "true", "an integer"),
        ({"event_log": []}, "event_log", "[]", "an object in braces"),
        ({"event_log": {"bytes": 511}}, "event_log.bytes", "511", "from 512 to 32768"),
        ({"event_log": {"class": 256}}, "event_log.class", "256", "from 0 to 255"),
        ([], "the file", "[]", "an object in braces"),
    ):
        line = refusal(given)
        assert line.startswith(place + ": "), line
        assert value in line and remedy in line, line


def test_levels_of_the_log_by_name_and_by_part():
    assert config.check({"log": 0})["log"] == 0
    assert config.check({"log": {}})["log"] == {"level": 3}
    given = {"level": "error", "dtls": "detail", "network": 0}
    assert config.check({"log": given})["log"] == {"level": 1, "dtls": 4, "network": 0}
    assert "log.tls: no such setting" in refusal({"log": {"tls": 1}})


def test_optional_objects_are_resources_by_id():
    whole = config.check(
        {
            "device": {"power": [{"source": 1, "millivolts": 3600}, {"source": 5}]},
            "connectivity": {"bearer": 7, "addresses": ["10.0.0.2"], "signal": -97},
            "statistics": {},
            "portfolio": [{"identity": ["id", "maker"]}, {"identity": []}],
            "app_data": [{"data": ["\u00e4"], "priority": 1}, {}],
            "temperature": {"value": "-0.001", "highest": 90},
            "battery": {"level": 80, "voltage": "3.612", "mains_lost": False},
        }
    )
    assert whole["device"]["power"] == {6: {0: 1, 1: 5}, 7: {0: 3600}}
    assert whole["connectivity"] == {0: 7, 4: {0: "10.0.0.2"}, 2: -97}
    assert whole["statistics"] == {}
    assert whole["portfolio"] == {0: {0: {0: "id", 1: "maker"}}, 1: {0: {}}}
    assert whole["app_data"] == {0: {0: {0: b"\xc3\xa4"}, 1: 1}, 1: {}}
    assert whole["temperature"] == {5700: (-1, -3), 5604: (90, 0)}
    assert whole["battery"] == {1: 80, 3: (3612, -3), 9: False}


def test_optional_objects_are_none_unless_they_are_given():
    whole = config.check({"battery": None})
    assert [whole[key] for key in config.OPTIONAL] == [None] * len(config.OPTIONAL)
    assert "connectivity.colour: no such" in refusal({"connectivity": {"colour": 1}})
    assert "app_data[1].x: no such" in refusal({"app_data": [{}, {"x": 1}]})
    assert "device.power[0].volts: no such" in refusal({"device": {"power": [{"volts": 1}]}})


def test_a_file_is_read_and_named_where_it_is_wrong():
    def load(text):
        with open(HERE, "w") as file:
            file.write(text)
        return config.load(HERE)

    try:
        assert load('{"endpoint": "from-a-file"}')["endpoint"] == "from-a-file"
        wrong = text_of(config.ConfigError, load, '{"log": 9}')
        assert wrong.startswith(HERE + ": log: 9: must be")
        assert "no valid JSON" in text_of(config.ConfigError, load, "{")
        assert "no valid JSON" in text_of(config.ConfigError, load, "")
    finally:
        os.remove(HERE)
    missing = text_of(config.ConfigError, config.load, HERE)
    assert missing.startswith(HERE + ": cannot be read") and "give a JSON file" in missing


def test_uris_with_names_addresses_and_ports():
    for uri, expected in (
        ("coap://h", ("coap", "h", 5683)),
        ("coaps://h", ("coaps", "h", 5684)),
        ("coap://h:1/", ("coap", "h", 1)),
        ("coap://h:65535/path", ("coap", "h", 65535)),
        ("coap://192.0.2.1:5693", ("coap", "192.0.2.1", 5693)),
        ("coap://[2001:db8::1]", ("coap", "2001:db8::1", 5683)),
        ("coap://[::1]:7", ("coap", "::1", 7)),
    ):
        assert split_uri(uri) == expected


def test_uris_that_name_no_server_are_refused():
    wrong = ("", "h", "coap://", "coap:///path", "coap://:1", "coap://h:", "coap://h:0")
    wrong += ("coap://h:65536", "coap://h:x", "coap://::1", "coap://[::1", "coap://a:b:1")
    for uri in wrong + ("coap://[]", "coap://[]:1"):
        assert uri in text_of(ValueError, split_uri, uri) or uri.count(":") > 1, uri


def test_retries_of_a_server_become_resources_of_object_1():
    given = {
        "uri": "coap://h:1",
        "initial_delay": 5,
        "retry_timer": 7,
        "sequence_delay": 4294967295,
    }
    whole = config.check({"servers": [given]})
    _, server = objects(whole["servers"])
    resources = server.instances[0]
    assert (resources[14], resources[18], resources[19]) == (5, 7, 4294967295)
    assert 17 not in resources and 20 not in resources


def test_a_wrong_retry_is_refused():
    for key in ("initial_delay", "retry_count", "retry_timer", "sequence_delay", "sequence_count"):
        for wrong in (-1, 1 << 32, "1", True, None):
            given = {"servers": [{"uri": "coap://h:1", key: wrong}]}
            try:
                config.check(given)
            except config.ConfigError as error:
                assert str(error).startswith("servers[0].%s: " % key), error
            else:
                raise AssertionError((key, wrong))


def test_a_section_whose_check_is_not_installed_is_one_line():
    name = "firmware.config.objects"
    kept = sys.modules.pop(name, None)
    sys.modules[name] = None
    with open(HERE, "w") as file:
        file.write('{"statistics": {"period": 60}}')
    try:
        text = text_of(config.ConfigError, config.load, HERE)
    finally:
        del sys.modules[name]
        if kept:
            sys.modules[name] = kept
        os.remove(HERE)
    assert text.startswith(HERE + ": ")
    assert text.endswith(": install it, or make the image with this configuration"), text


def test_a_wifi_section_is_taken_as_it_is():
    wifi = {"ssid": "works", "password": "8 to 63 !", "country": "DE", "power_save": "none"}
    assert config.check({"wifi": wifi})["wifi"] == wifi
    assert config.check({"wifi": {"ssid": "open"}})["wifi"] == {"ssid": "open"}
    assert config.check({"wifi": {"ssid": "a", "password": "0f" * 32}})["wifi"]["password"]
    assert config.check({})["wifi"] is None


def test_a_wrong_wifi_setting_is_refused_with_its_place():
    for section, text in (
        ({}, "wifi.ssid: must be given"),
        ({"ssid": "x" * 33}, "wifi.ssid: "),
        ({"ssid": ""}, "wifi.ssid: "),
        ({"ssid": "a", "country": "de"}, 'wifi.country: "de": must be two capital letters'),
        ({"ssid": "a", "country": "D1"}, "wifi.country: "),
        ({"ssid": "a", "country": 49}, "wifi.country: 49: "),
        ({"ssid": "a", "power_save": "on"}, 'wifi.power_save: "on": must be one of none'),
        ({"ssid": "a", "channel": 1}, "wifi.channel: no such setting"),
        ([], "wifi: "),
    ):
        assert text in refusal({"wifi": section}), section


def test_a_wrong_wifi_password_is_refused_and_not_shown():
    for password in ("short", "x" * 64, "x" * 65, "gr\u00fcn-und-lang", 12345678, None):
        line = refusal({"wifi": {"ssid": "a", "password": password}})
        assert line.startswith("wifi.password: must be 8 to 63 characters")
        assert str(password) not in line


def test_a_board_that_has_no_other_network_says_what_is_missing():
    from firmware.config.wifi import needed

    assert text_of(config.ConfigError, needed, config.check({})).startswith("wifi: null: must be")
    wifi = {"ssid": "a"}
    assert needed(config.check({"wifi": wifi})) == wifi


def test_a_bootstrap_server_may_be_all_there_is():
    whole = config.check({"bootstrap": {"uri": "coap://bs:1", "hold_off": 5}})
    assert whole["servers"] == [] and whole["bootstrap"] == {"uri": "coap://bs:1", "hold_off": 5}
    security, server = objects(whole["servers"], whole["bootstrap"])
    assert security.instances == {1: {0: "coap://bs:1", 1: True, 2: 3, 11: 5}}
    assert server.instances == {}
    assert config.check({})["bootstrap"] is None


def test_a_bootstrap_server_beside_a_server():
    account = {"uri": "coaps://bs", "identity": "me", "key": KEY, "account_timeout": 60}
    whole = config.check({"bootstrap": account, "servers": [SERVER]})
    security, server = objects(whole["servers"], whole["bootstrap"])
    assert sorted(security.instances) == [0, 1] and list(server.instances) == [0]
    written = security.instances[1]
    assert written[1] is True and written[2] == 0 and written[12] == 60
    assert written[3] == b"me" and written[5] == bytes(range(16)) and written[16] == {0: 0xC0A8}


def test_a_wrong_bootstrap_server_is_refused_with_its_place():
    for account, text in (
        ({}, "bootstrap.uri: "),
        ([], "bootstrap: "),
        ({"uri": "http://bs"}, 'bootstrap.uri: "http://bs": must be like coap://'),
        ({"uri": "coaps://bs"}, "bootstrap.identity: "),
        ({"uri": "coaps://bs", "identity": "me", "key": "00"}, "bootstrap.key: must be 32"),
        ({"uri": "coap://bs", "key": KEY}, "bootstrap.uri: "),
        ({"uri": "coap://bs", "lifetime": 1}, "bootstrap.lifetime: no such setting"),
        ({"uri": "coap://bs", "hold_off": -1}, "bootstrap.hold_off: -1: "),
        ({"uri": "coap://bs", "retry_timer": 0}, "bootstrap.retry_timer: 0: "),
        ({"uri": "coap://bs", "keys_in_clear": 1}, "bootstrap.keys_in_clear: 1: "),
    ):
        line = refusal({"bootstrap": account})
        assert line.startswith(text), line
        assert KEY not in line
    assert refusal({"bootstrap": {"uri": "coap://bs"}, "servers": []}).startswith("servers: must")
