"""The errors of the server, each shown to the user as one line."""


class DevserverError(Exception):
    """An error for the user: one line, no traceback."""


class StartError(DevserverError):
    """The server cannot be started with these settings, whatever the engine."""


class EngineUnavailable(DevserverError):
    """This engine is not available on this machine; another may be."""


class CommandError(DevserverError):
    """A command that cannot be carried out; the message says which part and why."""
