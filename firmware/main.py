"""MicroPython runs this file by name, and only as source. It is the same on every board."""

import micropython

try:
    import slots

    slots.start()
finally:
    # Where the console is closed nothing ends at a prompt: not a Ctrl-C before it was closed
    micropython.kbd_intr(-1)
    try:
        for _ in "x":  # nor a second one, which is raised here
            pass
    finally:
        try:
            with open("/slot", "rb") as file:
                if file.read(5)[4]:
                    __import__("machine").reset()
        except (OSError, IndexError):
            pass
