"""What outlives a sleep, a reset or a power cut of a Link: imported only where something does.

A state is a tuple of tuples, integers, texts and bytes: (format, version, location, lifetime,
binding, checksum of the Objects and Instances, ms until the next Update, attempts, attributes,
observations, witness of the DTLS session, latest Message ID). Times in it are relative.
"""

from binascii import crc32

from micropython import const

from .formats import core_link
from .management.access import visible

_EXPORT_FORMAT = const(2)
_NEVER = const(0xFFFFFFFFFFF)
_REGISTERED = const(4)  # states of a registration
_DEREGISTERING = const(6)


def _checksum(registration):
    links = core_link.registration(visible(registration.model), registration.version)
    return crc32(links) & 0x3FFFFFFF


def export(link) -> tuple:
    """The state of a Link, to be kept until `restore`; nothing may be sent afterwards."""
    witness = b""
    if link.transport and hasattr(link.transport, "export"):
        witness = link.transport.export()
    return state(link, witness, 0)


def state(link, witness: bytes, ahead: int) -> tuple:
    """The state of a Link that goes on, with the witness of its session.

    It holds until `ahead` Message IDs or notifications more were used.
    """
    registration = link.core
    now = link.clock.now()
    location, known, at = (), registration.known or (0, "U", -1), -1
    # Of another security context than the registration's, its server may have forgotten it
    transport = link.transport
    same = not (link.used and transport) or transport.contexts == link.contexts
    if registration.location and registration.state != _DEREGISTERING and same:
        location = tuple(registration.location)
        at = 0  # it is being updated, or connected again
        if registration.state == _REGISTERED:
            at = max(registration.at - now, 0) if registration.at < _NEVER else -1
    listing = -1
    if known[2] == registration.model.listing:
        listing = _checksum(registration)
    management = link.management
    attributes = tuple(
        [(path, tuple(named.items())) for path, named in management.attributes.items()]
    )
    observations = ()
    if location and management.reporting:
        from .reporting import persistence

        observations = persistence.export(management, now, ahead)
    mid = registration.peer.mid if registration.peer else link.mid
    if mid >= 0:
        mid = mid + ahead & 0xFFFF
    return (_EXPORT_FORMAT, registration.version, location, known[0], known[1], listing, at) + (
        registration.attempts,
        attributes,
        observations,
        witness,
        mid,
    )


def restore(link, state: tuple, slept: int) -> None:
    """Have a Link that was not opened yet go on from a state, exported `slept` ms ago."""
    if not state or state[0] != _EXPORT_FORMAT:
        raise ValueError
    _, version, location, lifetime, binding, checksum, at, attempts, *rest = state
    attributes, observations, witness, mid = rest
    registration = link.core
    now = link.clock.now()
    link.account.witness = witness
    link.account.slept = slept
    link.mid = mid
    registration.attempts = attempts
    registration.since = now - slept
    if version < registration.version:  # the highest that the server takes
        registration.refused_version(version, now)
    for path, named in attributes:
        link.management.attributes[path] = dict(named)
    if not location:
        return
    listing = registration.model.listing if checksum == _checksum(registration) else -1
    at = now + max(at - slept, 0) if at >= 0 else _NEVER - 1
    registration.resume(version, list(location), (lifetime, binding, listing), at)
    link.restored = True
    if witness:
        link.contexts = -1  # of a restored session
    if observations:
        from .reporting import persistence

        persistence.restore(link.management, observations, now - slept)
