"""Reading answers, and refusing those that the key does not know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retouch.bench.documents import read_document
from retouch.bench.study.documents import KEY_FILE, TIE, Answers

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from retouch.bench.study.documents import Answer, Key


def read_answers(paths: Sequence[str | os.PathLike[str]], key: Key) -> tuple[Answers, ...]:
    """Read files of answers, or folders of them (their *.json files but key.json).

    Raises:
        FileNotFoundError: a file is missing, or a folder holds none.
        ValueError: a file is damaged, of another study, or holds a question, image or choice that the key does not
            know; the message names the file.
    """
    found: list[Answers] = []
    for path in _files(paths):
        answers = read_document(Answers, path, "answers", "files that the page saved")
        if answers.study != key.study:
            raise ValueError(
                f"answers: {str(path)!r} is of study {answers.study!r}; accepted: of {key.study!r}, which the key is of"
            )
        options = {trial.photo: set(trial.options) for trial in key.trials}
        for number, answer in enumerate(answers.answers):
            if wrong := _unknown(answer, key, options):
                raise ValueError(f"answers: {str(path)!r}, answer {number}: {wrong}")
        found.append(answers)
    return tuple(found)


def _files(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(each for each in path.glob("*.json") if each.name != KEY_FILE) if path.is_dir() else [path]
        if not inside:
            raise FileNotFoundError(f"answers: the folder {str(path)!r} holds no *.json; accepted: files of answers")
        found += inside
    return found


def _unknown(answer: Answer, key: Key, options: dict[str, set[str]]) -> str | None:
    """What is wrong with an answer, or None."""
    if answer.question not in key.questions:
        return f"question {answer.question!r} is unknown; accepted: {', '.join(key.questions)}"
    if answer.trial not in options:
        return f"image {answer.trial!r} is unknown; accepted: those of the key"
    shown = options[answer.trial]
    if set(answer.order) != shown or len(answer.order) != len(shown):
        return f"order {', '.join(answer.order)!r} is not one of the image's options; accepted: each of them once"
    if answer.choice not in shown and not (key.tie and answer.choice == TIE):
        return f"choice {answer.choice!r} is unknown; accepted: one of the image's options"
    return None
