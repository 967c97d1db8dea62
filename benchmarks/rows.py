"""All rows, in the order of the table."""

from benchmarks.ack import AckRow
from benchmarks.card import CardRow
from benchmarks.row import Row

ROWS: tuple[Row, ...] = (AckRow(), CardRow())
