"""The one exception of tools/sizes: a mistake in its files, told in one line."""


class SizesError(Exception):
    """What is wrong, where, and what to do."""
