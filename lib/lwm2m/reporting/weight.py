"""How much of a heap what is kept for a server takes, for the client's budget."""


def weight(value) -> int:
    """About how many bytes a value takes, with all that is in it, on 32 bits."""
    if isinstance(value, (str, bytes)):
        return 32 + len(value)
    size = 8
    if isinstance(value, (list, tuple, dict)):
        size = 32
        for part in value.values() if isinstance(value, dict) else value:
            size += weight(part)
    return size
