"""CelebA-HQ's splits from CelebA's: training 24,183, validation 2,993 and test 2,824 of 30,000."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAPPING, PARTITION = "CelebA-HQ-to-CelebA-mapping.txt", "list_eval_partition.txt"


def partition_names(root: Path, partition: int) -> list[str] | None:
    """The names (numbers) of CelebA-HQ's photos whose CelebA photo is in a partition; None: a file is missing.

    Args:
        root: the folder with both text files.
        partition: 0 training, 1 validation, 2 test.

    Raises:
        OSError: a file cannot be read or is not of the form expected.
    """
    mapping, parts = root / MAPPING, root / PARTITION
    if not (mapping.is_file() and parts.is_file()):
        return None
    part_of = {words[0]: words[-1] for words in _table(parts, 2)}
    chosen = []
    for words in _table(mapping, 3):
        if not words[0].isdecimal():
            continue  # the header
        if words[2] not in part_of:
            raise OSError(f"data: {str(parts)!r} does not have {words[2]!r}, which {mapping.name} names")
        if part_of[words[2]] == str(partition):
            chosen.append(words[0])
    return sorted(chosen, key=int)


def _table(path: Path, columns: int) -> list[list[str]]:
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise OSError(f"data: {str(path)!r} is not text in UTF-8") from None
    bad = next((k for k, row in enumerate(rows) if len(row) != columns), None)
    if bad is not None:
        raise OSError(f"data: {str(path)!r}, row {bad + 1}: has {len(rows[bad])} columns; accepted: {columns}")
    return rows
