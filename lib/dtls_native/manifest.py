# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
include("../coap/manifest.py", optional=options.optional)
package(
    "dtls_native",
    (
        "dialer.py",
        "transport.py",
    ),
    base_path="..",
)
