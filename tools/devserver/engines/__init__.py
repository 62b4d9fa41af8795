"""What serves: an engine is an LwM2M server that takes commands as dicts."""
