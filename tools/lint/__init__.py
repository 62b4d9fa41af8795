"""Checks that ruff has not: import circles, layers, constants with two values, words, lengths."""
