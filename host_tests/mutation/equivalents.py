"""Reads the list of mutants that behave as the line did before."""

from pathlib import Path

PATH = Path(__file__).parent / "equivalents.txt"


def reasons(path: Path) -> dict[str, str]:
    """The reason by mutant, as `Mutant.text_of` has it."""
    found = {}
    for block in path.read_text().split("\n\n"):
        lines = [line for line in block.strip().splitlines() if not line.startswith("//")]
        if not lines:
            continue
        mutant, reason = "\n".join(lines[:3]), " ".join(lines[3:])
        if len(lines) < 4 or mutant in found or not reason.startswith("# "):
            raise ValueError("not a mutant, listed twice, or without a reason: " + mutant)
        found[mutant] = reason
    return found
