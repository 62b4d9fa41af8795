"""The engine `leshan`: Eclipse Leshan on the JVM, called from this process."""
