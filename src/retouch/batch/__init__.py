"""Filling many photos at once."""

from __future__ import annotations

from retouch.batch.plan import Item, PhotoAndMask, Plan, Unmasked, plan_batch
from retouch.batch.report import BatchProgress, BatchReport, Outcome, as_json, check_report, write_report
from retouch.batch.run import run_batch

__all__ = [
    "BatchProgress",
    "BatchReport",
    "Item",
    "Outcome",
    "PhotoAndMask",
    "Plan",
    "Unmasked",
    "as_json",
    "check_report",
    "plan_batch",
    "run_batch",
    "write_report",
]
