"""Gives the client its dialers where they are not the usual ones, by URI scheme."""

from firmware.config.backends import vendor
from firmware.config.checks import wrong


def add(client, config: dict, board, log) -> None:
    """Have the client dial by the configured backends. May raise ConfigError.

    `board` is what the board knows of the modem: a function that opens its stream, or None.
    """
    cellular = None
    for scheme, key in (("coap", "transport"), ("coaps", "backend")):
        name = config[key]
        if name is None:
            continue
        if name == "modem":
            if cellular is None:
                cellular = _cellular(client, config["modem"], board, log)
            dialer = cellular.secure if scheme == "coaps" else cellular
        elif name == "native":
            from dtls_native.dialer import NativeDialer

            dialer = NativeDialer(client, log, config["dtls"])
        else:
            dialer = vendor(name).factory(scheme, client, config, board, log)
        client.transports[scheme] = dialer


def _cellular(client, settings, board, log):
    from modem.dialer import Cellular, device, table

    try:
        stream = board() if board else device(settings)
    except (OSError, ValueError, ImportError):
        wrong("modem.device", settings["device"], "a device that can be opened")
    kind = table(settings["kind"])(settings)
    return Cellular(kind, stream, client.clock, log, settings.get("attach", 180))
