"""Writes images to boards, renews the application of a running one, shows its log."""
