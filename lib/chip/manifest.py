# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
package(
    "chip",
    (
        "esp32.py",
        "rp2.py",
    ),
    base_path="..",
)
if options.optional:
    package(
        "chip",
        (
            "vsys.py",
        ),
        base_path="..",
    )
