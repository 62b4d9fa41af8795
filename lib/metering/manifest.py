# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
include("../lwm2m/manifest.py", optional=options.optional)
package(
    "metering",
    (
        "water_meter.py",
    ),
    base_path="..",
)
