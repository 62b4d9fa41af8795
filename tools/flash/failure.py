"""The one exception of tools/flash: what failed, said in one line."""


class FlashError(Exception):
    """What failed, on which port or file, and what to do: one line, printed as it is."""

    def __init__(self, line: str):
        super().__init__(" ".join(line.split()))
