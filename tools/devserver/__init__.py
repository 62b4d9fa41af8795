"""The embedded LwM2M server of the project: `python -m tools.devserver`."""
