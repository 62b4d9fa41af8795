"""What can go wrong, each told to the user in one line."""


class DevserverError(Exception):
    """An error for the user: one line, no traceback."""


class StartError(DevserverError):
    """The server cannot be started with these settings, whatever the engine."""


class EngineUnavailable(DevserverError):
    """This engine cannot be had on this machine; another may."""


class CommandError(DevserverError):
    """A command that cannot be carried out; the message says which part and why."""
