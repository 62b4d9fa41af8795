"""The configuration of native DTLS: what the firmware's `tls` cannot do is refused in one line."""

from scripted_tls import Tls

# isort: split
from firmware.config import native  # after the stand-in for `tls`
from firmware.config.checks import ConfigError


def refused(config):
    """The line of the ConfigError that `check` raises."""
    try:
        native.check(config)
    except ConfigError as error:
        return str(error)
    return ""


def test_a_build_without_shared_keys_is_refused_in_one_line():
    class Old:
        """The context of 1.28."""

        def __init__(self, protocol):
            pass

    context = Tls.SSLContext
    Tls.SSLContext = Old
    try:
        line = refused({"dtls": {}, "servers": []})
    finally:
        Tls.SSLContext = context
    assert line.startswith('dtls.backend: "native": must be own: ') and "1.29" in line


def test_what_native_cannot_do_is_refused():
    server = {"key": bytes(48), "suites": [0xAE]}
    assert refused({"dtls": {"max_retransmit": 3}, "servers": [server]}) == ""
    assert "first_timeout" in refused({"dtls": {"first_timeout": 9000}, "servers": []})
    line = refused({"dtls": {}, "servers": [{"key": b"secret" * 9}]})
    assert "servers[0].key" in line and "secret" not in line
    assert "suites" in refused({"dtls": {}, "servers": [{"key": b"", "suites": [0xC0A4]}]})
