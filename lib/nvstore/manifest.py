# Written by `python -m tools.packages`. include(...) may have optional=False.
options.defaults(optional=True)
if options.optional:
    package(
        "nvstore",
        (
            "counter.py",
            "memory.py",
            "pack.py",
            "store.py",
        ),
        base_path="..",
    )
