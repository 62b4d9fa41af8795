"""The engine `aiocoap`: an LwM2M server in Python, for machines without Leshan."""
