"""Counting a study: how often each method was chosen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from retouch.bench.study.documents import TIE, Answers, Key, Mode
from retouch.bench.study.intervals import Interval, bootstrap, sign_test, wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Row:
    """How one method did in one question.

    Attributes:
        question: its name.
        method: its name.
        against: the other method of a pair; None: against all.
        chosen: how often it was chosen.
        of: answers; in pairs those that chose one of the two.
        ties: answers "no difference", which are not in `of`.
        share: chosen / of; None where of is 0.
        wilson: its 95 % interval as if all answers were independent.
        bootstrap: its 95 % interval over participants; None for fewer than two.
        p: of a pair: exact two-sided binomial test against a half.
    """

    question: str
    method: str
    against: str | None
    chosen: int
    of: int
    ties: int
    share: float | None
    wilson: Interval | None
    bootstrap: Interval | None
    p: float | None


@dataclass(frozen=True)
class Consistency:
    """How often people chose the same method when an image came again in another order."""

    question: str
    same: int
    of: int


@dataclass(frozen=True)
class Count:
    """A counted study.

    Attributes:
        study, mode: of the key.
        images: of the study.
        participants: who answered anything.
        unfinished: participants who did not answer every question for every image.
        doubles: answers that were left out, because the same participant gave a later one.
        rows: in the order of questions and methods.
        consistency: per question; empty where nothing was shown twice.
    """

    study: str
    mode: Mode
    images: int
    participants: int
    unfinished: int
    doubles: int
    rows: tuple[Row, ...]
    consistency: tuple[Consistency, ...]


class _Choice(NamedTuple):
    """One counted answer, its code turned into a method (or "tie", which no method of that pair is)."""

    participant: str
    question: str
    trial: str
    repeat: bool
    shown: frozenset[str]
    method: str | None


def count(answers: Sequence[Answers], key: Key) -> Count:
    """Count answers that `read_answers` checked.

    An answer counts once: of several by one participant about the same image and question the one in the file that was
    finished last counts, whatever the order of the files. Repeats count for consistency only.

    Raises:
        ValueError: there are no answers.
    """
    choices, doubles = _choices(answers, key)
    first = [choice for choice in choices if not choice.repeat]
    if not first:
        raise ValueError("answers: hold no answer; accepted: files with at least one")
    people = {choice.participant for choice in choices}
    given = Counter(choice.participant for choice in first)
    return Count(
        study=key.study,
        mode=key.mode,
        images=len(key.trials),
        participants=len(people),
        unfinished=sum(given[person] < len(key.trials) * len(key.questions) for person in people),
        doubles=doubles,
        rows=tuple(row for question in key.questions for row in _rows(question, first, key)),
        consistency=tuple(_consistency(choices, key)),
    )


def _choices(answers: Sequence[Answers], key: Key) -> tuple[list[_Choice], int]:
    """What counts, and how many answers were replaced by later ones."""
    methods = {trial.photo: trial.options for trial in key.trials}
    kept: dict[tuple[str, str, str, bool], _Choice] = {}
    total = 0
    for file in sorted(answers, key=lambda file: file.finished):
        for one in file.answers:
            total += 1
            options = methods[one.trial]
            method = None if one.choice == TIE else options[one.choice]
            choice = _Choice(file.participant, one.question, one.trial, one.repeat, frozenset(options.values()), method)
            kept[choice[:4]] = choice
    return list(kept.values()), total - len(kept)


def _rows(question: str, first: Iterable[_Choice], key: Key) -> Iterable[Row]:
    asked = [choice for choice in first if choice.question == question]
    if key.mode == "best":
        for method in key.methods:
            yield _row(asked, question, method, None)
        return
    for method, other in combinations(key.methods, 2):
        between = [choice for choice in asked if choice.shown == {method, other}]
        yield _row(between, question, method, other)


def _row(choices: Sequence[_Choice], question: str, method: str, against: str | None) -> Row:
    decided = [choice for choice in choices if choice.method is not None]
    chosen = Counter(choice.participant for choice in decided if choice.method == method)
    of = Counter(choice.participant for choice in decided)
    # Sorted, so that the draws of the bootstrap do not depend on the order of the files.
    people = sorted(of)
    won, answered = chosen.total(), of.total()
    return Row(
        question=question,
        method=method,
        against=against,
        chosen=won,
        of=answered,
        ties=len(choices) - len(decided),
        share=won / answered if answered else None,
        wilson=wilson(won, answered) if answered else None,
        bootstrap=bootstrap([chosen[one] for one in people], [of[one] for one in people]),
        p=sign_test(won, answered) if answered and against is not None else None,
    )


def _consistency(choices: Sequence[_Choice], key: Key) -> Iterable[Consistency]:
    first = {choice[:3]: choice.method for choice in choices if not choice.repeat}
    for question in key.questions:
        again = [each for each in choices if each.repeat and each.question == question and each[:3] in first]
        if again:
            yield Consistency(question, sum(first[each[:3]] == each.method for each in again), len(again))
