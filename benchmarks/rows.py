"""All rows, in the order of the table."""

from benchmarks.ack import AckRow
from benchmarks.burst import BurstRow
from benchmarks.card import CardRow
from benchmarks.home import HomeRow
from benchmarks.lists import ListsRow
from benchmarks.row import Row
from benchmarks.start import StartRow
from benchmarks.typeahead import TypeaheadRow
from benchmarks.writes import WritesRow

ROWS: tuple[Row, ...] = (
    AckRow(),
    CardRow(),
    WritesRow(),
    BurstRow(),
    StartRow(),
    TypeaheadRow(),
    HomeRow(),
    ListsRow(),
)
