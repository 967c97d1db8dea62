"""Text tables as Teleport's tools print them."""

from collections.abc import Sequence

_NARROWEST = 4


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table: titles, a line of dashes under each, and the rows."""
    widths = [
        max(_NARROWEST, *(len(row[column]) for row in (titles, *rows)))
        for column in range(len(titles))
    ]
    dashes = ["-" * width for width in widths]
    return "\n".join(
        " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (titles, dashes, *rows)
    )
