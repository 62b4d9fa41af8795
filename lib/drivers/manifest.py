# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
package(
    "drivers",
    (
        "reading.py",
        "simulated_flow.py",
    ),
    base_path="..",
)
if options.optional:
    package(
        "drivers",
        (
            "battery.py",
            "ds18b20.py",
            "fram.py",
            "ina226.py",
            "latching.py",
            "pulse.py",
            "pulse_counter.py",
            "pulse_irq.py",
            "pulse_pio.py",
            "tamper.py",
        ),
        base_path="..",
    )
