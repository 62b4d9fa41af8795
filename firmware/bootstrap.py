"""The client of a meter with a bootstrap server. Imported only where one is configured."""

from lwm2m.bootstrap.client import BootstrapClient


def made(model, config: dict, log, board: dict) -> BootstrapClient | None:
    """The client of a checked configuration; None where its bootstrap account had its time.

    `board` has the `state`, perhaps later only, which stores no accounts that are on trial.
    """
    if not [account for account in model.object(0).instances.values() if account.get(1)]:
        return None

    def hold(trial):
        state = board.get("state")
        if state:
            state.hold = trial

    account = config["bootstrap"]
    settings = {
        "keys_allowed": account.get("keys_in_clear", False),
        "preferred": _preferred(),
        "spread": config["registration"].get("spread", 0),
        "on_trial": hold,
    }
    if "retry_timer" in account:
        settings["retry_timer"] = account["retry_timer"]
    return BootstrapClient(
        model,
        config["endpoint"],
        config["version"],
        log,
        config["coap"],
        config["registration"],
        settings,
    )


def _preferred():
    # SenML CBOR where it is installed, else TLV, which each server has
    try:
        from lwm2m.formats import senml_cbor
    except ImportError:
        return "11542"
    return "112" if senml_cbor else ""
