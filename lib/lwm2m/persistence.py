"""What outlives a sleep of a Link: imported only where a device sleeps so deeply that it forgets.

A state is a tuple of tuples, integers, texts and bytes: (format, version, location, lifetime,
binding, checksum of the Objects and Instances, ms until the next Update, attempts, attributes,
observations, witness of the DTLS session). Times in it are relative.
"""

from binascii import crc32

from micropython import const

from .formats import core_link
from .management.access import visible

_EXPORT_FORMAT = const(1)
_NEVER = const(0xFFFFFFFFFFF)
_REGISTERED = const(4)  # a state of a registration


def _checksum(registration):
    links = core_link.registration(visible(registration.model), registration.version)
    return crc32(links) & 0x3FFFFFFF


def export(link) -> tuple:
    """The state of a Link, to be kept until `restore`."""
    registration = link.core
    now = link.clock.now()
    location, known, at = (), registration.known or (0, "U", -1), -1
    if registration.state == _REGISTERED:
        location = tuple(registration.location)
        if registration.at < _NEVER:
            at = max(registration.at - now, 0)
    listing = -1
    if known[2] == registration.model.listing:
        listing = _checksum(registration)
    witness = b""
    if link.transport and hasattr(link.transport, "export"):
        witness = link.transport.export()
    management = link.management
    attributes = tuple(
        (path, tuple(named.items())) for path, named in management.attributes.items()
    )
    observations = ()
    if location and management.reporting:
        from .reporting import persistence

        observations = persistence.export(management, now)
    return (_EXPORT_FORMAT, registration.version, location, known[0], known[1], listing, at) + (
        registration.attempts,
        attributes,
        observations,
        witness,
    )


def restore(link, state: tuple, slept: int) -> None:
    """Have a Link that was not opened yet go on from a state, exported `slept` ms ago."""
    if state[0] != _EXPORT_FORMAT:
        raise ValueError(state[0])
    _, version, location, lifetime, binding, checksum, at, attempts, *rest = state
    attributes, observations, link.account.witness = rest
    link.account.slept = slept
    registration = link.core
    now = link.clock.now()
    registration.attempts = attempts
    registration.since = now - slept
    for path, named in attributes:
        link.management.attributes[path] = dict(named)
    if not location:
        return
    registration.version = version
    listing = registration.model.listing if checksum == _checksum(registration) else -1
    at = now + max(at - slept, 0) if at >= 0 else _NEVER - 1
    registration.resume(version, list(location), (lifetime, binding, listing), at)
    link.restored = True
    if observations:
        from .reporting import persistence

        persistence.restore(link.management, observations, now - slept)
