"""What LwM2M's layers raise: a code, for the answer."""

from coap.message import CoapError


class Lwm2mError(CoapError):
    """`code` is the CoAP response code to answer with; coap's peer does so."""


class NoValue(Lwm2mError):
    """A Resource has no value now, but may have one later."""
