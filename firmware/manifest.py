# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
include("../lib/coap/manifest.py", optional=options.optional)
include("../lib/drivers/manifest.py", optional=options.optional)
include("../lib/dtls/manifest.py", optional=options.optional)
include("../lib/dtls_native/manifest.py", optional=options.optional)
include("../lib/lwm2m/manifest.py", optional=options.optional)
include("../lib/metering/manifest.py", optional=options.optional)
include("../lib/modem/manifest.py", optional=options.optional)
include("../lib/nvstore/manifest.py", optional=options.optional)
package(
    "firmware",
    (
        "app.py",
        "bootstrap.py",
        "config/backends.py",
        "config/bootstrap.py",
        "config/checks.py",
        "config/modem.py",
        "config/native.py",
        "config/objects.py",
        "config/power.py",
        "config/psk.py",
        "config/schema.py",
        "config/servers.py",
        "config/settings.py",
        "config/wifi.py",
        "crashes.py",
        "entropy.py",
        "erase.py",
        "log.py",
        "meter.py",
        "objects.py",
        "profiles/temperature.py",
        "profiles/water.py",
        "slots.py",
        "supervise.py",
        "texts.py",
        "transports.py",
    ),
    base_path="..",
)
if options.optional:
    package(
        "firmware",
        (
            "checkpoint.py",
            "config/inactive.py",
            "config/log.py",
            "fittings.py",
            "inactive.py",
            "ring.py",
            "selftest.py",
            "sensor.py",
            "state.py",
        ),
        base_path="..",
    )
