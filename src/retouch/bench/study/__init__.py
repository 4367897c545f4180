"""Blind comparisons by people.

make:  fills of several methods ─▶ OUT/page (for the people), OUT/key.json (for you)
count: answers-*.json of the people + key.json ─▶ shares with confidence intervals
"""

from __future__ import annotations

from retouch.bench.study.answers import read_answers
from retouch.bench.study.count import Count, Row, count
from retouch.bench.study.documents import Answers, Key
from retouch.bench.study.make import Design, Made, make
from retouch.bench.study.material import Material, from_folders, from_results
from retouch.bench.study.table import as_json, as_markdown

__all__ = [
    "Answers",
    "Count",
    "Design",
    "Key",
    "Made",
    "Material",
    "Row",
    "as_json",
    "as_markdown",
    "count",
    "from_folders",
    "from_results",
    "make",
    "read_answers",
]
