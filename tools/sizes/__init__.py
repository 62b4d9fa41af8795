"""Bytes of .mpy and RAM on 32 bits, for each module, package and profile, against budgets."""
