"""Reports of a benchmark run: one HTML page that needs nothing else, and Markdown.

Results ─▶ tables, paired ─┬─▶ markdown
                           └─▶ page ◀─ plots, pictures
"""

from retouch.bench.report.intervals import Interval, mean_interval
from retouch.bench.report.markdown import markdown, markdown_table, markdown_tables
from retouch.bench.report.page import PAGE_LIMIT, html
from retouch.bench.report.paired import Difference, differences
from retouch.bench.report.tables import Cell, Row, Table, table

__all__ = [
    "PAGE_LIMIT",
    "Cell",
    "Difference",
    "Interval",
    "Row",
    "Table",
    "differences",
    "html",
    "markdown",
    "markdown_table",
    "markdown_tables",
    "mean_interval",
    "table",
]
