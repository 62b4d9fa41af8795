"""The one exception of tools/sizes: a mistake in its files, said in one line."""


class SizesError(Exception):
    """What is wrong, where, and what to do."""
