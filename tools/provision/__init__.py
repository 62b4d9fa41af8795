"""A meter's configuration made, checked and written: for one board, or for a production line."""
