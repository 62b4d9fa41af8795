# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
package(
    "coap",
    (
        "budget.py",
        "clock.py",
        "deduplication.py",
        "endpoint.py",
        "incoming.py",
        "message.py",
        "outgoing.py",
        "peer.py",
        "udp.py",
        "wakeup.py",
    ),
    base_path="..",
)
if options.optional:
    package(
        "coap",
        (
            "awaited.py",
            "blockwise.py",
            "transfer.py",
        ),
        base_path="..",
    )
