"""A Leshan that serves coaps, and the key that its clients have."""

import os

import pytest
from tools.devserver.driver import Driver, DriverError

KEY = "5ec2e75ec2e75ec2e75ec2e75ec2e75e"


def begin(*arguments: str, port: int = 0) -> Driver:
    """A Leshan that serves coaps. In CI it must be there."""
    try:
        return Driver("--coaps", *arguments, engine="leshan", port=port).__enter__()
    except DriverError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("Leshan cannot be had: %s" % str(error).splitlines()[-1])


def know(server: Driver, endpoint: str, key: str = KEY, identity: str = "") -> None:
    """Give Leshan an endpoint's key."""
    answer = server.ask(op="psk", endpoint=endpoint, identity=identity or endpoint, key=key)
    assert "error" not in answer, answer
