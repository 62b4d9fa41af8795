# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
include("../coap/manifest.py", optional=options.optional)
package(
    "modem",
    (
        "dialer.py",
        "engine.py",
        "parser.py",
        "scripts.py",
        "socket.py",
    ),
    base_path="..",
)
if options.optional:
    package(
        "modem",
        (
            "bg95.py",
        ),
        base_path="..",
    )
