# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
package(
    "dtls",
    (
        "client.py",
        "crypto.py",
        "handshake.py",
        "psk.py",
        "record.py",
        "transport.py",
    ),
    base_path="..",
)
if options.optional:
    package(
        "dtls",
        (
            "cbc.py",
            "session.py",
        ),
        base_path="..",
    )
