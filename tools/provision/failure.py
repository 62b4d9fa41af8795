"""The one exception of tools/provision: what is wrong, said in one line."""


class ProvisionError(Exception):
    """What is wrong, where, and what to do: one line, printed as it is; never a key."""

    def __init__(self, line: str):
        super().__init__(" ".join(line.split()))
