"""All rows, in the order of the table."""

from benchmarks.ack import AckRow
from benchmarks.row import Row

ROWS: tuple[Row, ...] = (AckRow(),)
