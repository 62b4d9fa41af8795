"""Makes the Objects that a meter may do without. Imported only where one of them is configured."""

from firmware.config.checks import ConfigError

# The setting that must be there, and its Resource, unless the board knows it
_NEEDED = {
    "connectivity": ("bearer", 0),
    "temperature": ("value", 5700),
    "battery": ("level", 1),
    "event_log": ("bytes", "ring"),  # who starts no log has none
}


def add(key: str, client, settings: dict, board: dict) -> None:
    """Give the client the Object of a checked section, with what the board knows of it.

    May raise ConfigError.
    """
    model = client.model
    resources = dict(board)
    resources.update(settings)
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
    elif key == "event_log":
        from lwm2m.objects.event_log import EventLog

        made = EventLog(resources["ring"], resources.get(4010, 0))
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

            for instance in resources.values():
                instance.setdefault(0, {0: b""})
            made = BinaryAppData(resources)
    model.objects[made.oid] = made
