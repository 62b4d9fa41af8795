"""The one exception of tools/image: a user's mistake, said in one line."""


class ImageError(Exception):
    """What is wrong, where, and what to do: one line, printed as it is."""
