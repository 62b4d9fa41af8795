# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
package(
    "bearer",
    (
        "base.py",
        "ppp.py",
        "redial.py",
    ),
    base_path="..",
)
if options.optional:
    package(
        "bearer",
        (
            "wifi.py",
        ),
        base_path="..",
    )
