"""The one exception of tools/board_firmware: what a user can mend, said in one line."""


class FirmwareError(Exception):
    """What is wrong, where, and what to do: one line, printed as it is."""
