"""The sections of the configuration: their settings, limits and defaults.

Of each setting a section has its name, its Resource or -, its kind, the least and the most, of a
text in bytes. Kinds: i an integer, s a text, d a decimal, f a flag; I, S and B (texts for bytes)
are lists; - is checked elsewhere.
"""

NAMES = ("endpoint", "version", "servers", "device", "coap", "dtls", "log", "sampling")
NAMES += ("registration", "transport", "modem", "profile", "wifi", "inactive", "production")
NAMES += ("bootstrap", "$schema")

# Objects that a meter may do without, see objects.py
OPTIONAL = ("connectivity", "statistics", "portfolio", "app_data", "temperature", "battery")
OPTIONAL += ("event_log",)

# How the server is notified, the pace of retries (LwM2M Core 6.2.1.1); see lwm2m.account
SERVER = (
    "uri - - 0 0;short_server_id - i 1 65534;lifetime - i 1 2147483647;identity - - 0 0;"
    "key - - 0 0;suites - - 0 0;min_period - i 0 2147483647;max_period - i 0 2147483647;"
    "confirm - i 0 1;initial_delay - i 0 4294967295;retry_count - i 0 4294967295;"
    "retry_timer - i 0 4294967295;sequence_delay - i 0 4294967295;"
    "sequence_count - i 0 4294967295;store - f 0 0;mute_send - f 0 0"
)

SECTIONS = {
    "device": "manufacturer 0 s 1 255;model 1 s 1 255;serial 2 s 1 255;firmware 3 s 1 255;"
    "type 17 s 1 255;hardware 18 s 1 255;software 19 s 1 255;utc_offset 14 s 1 16;"
    "timezone 15 s 1 64;power - - 0 0",
    "coap": "ack_timeout - i 100 60000;ack_random - i 1000 3000;max_retransmit - i 0 10;"
    "nstart - i 1 8;szx - i 0 6;body_limit - i 64 65536;"
    "memory - i 8192 16777216;handler_time - i 1000 3600000",
    "registration": "update_pause - i 0 86400;spread - i 0 86400",
    "dtls": "backend - - 0 0;first_timeout - i 100 60000;max_retransmit - i 0 10;"
    "mtu - i 256 1280;max_age - i 0 2147483647",
}

DEFAULT = {
    "endpoint": "urn:dev:ops:000000-water-0001",
    "version": "1.1",
    "servers": [{"uri": "coap://127.0.0.1:5683", "short_server_id": 1, "lifetime": 300}],
    "device": {
        "manufacturer": "micropython-lwm2m",
        "model": "Water meter",
        "serial": "0001",
        "firmware": "0.1.0",
        "utc_offset": "+00:00",
        "timezone": "Etc/UTC",
    },
    "coap": {},
    "registration": {},
    "dtls": {},
    "log": 3,
    "sampling": 1,
    "production": False,
}
