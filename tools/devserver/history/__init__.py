"""Every value that a client reported, with its time, and the commands that show it."""
