"""The two documents of a study: the key, which says what the codes stand for, and one participant's answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from retouch.bench.documents import read_document

if TYPE_CHECKING:
    import os

KEY_FILE = "key.json"
TIE = "tie"

Mode = Literal["best", "pairs"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Trial(_Part):
    """One image of the study.

    Attributes:
        photo: code of the picture of the photo with its hole; it stands for the trial in answers.
        name: of the photo.
        options: the method behind every code of a fill.
    """

    photo: str
    name: str
    options: dict[str, str]


class Key(_Part):
    """What the codes of a study stand for; the page does not know it.

    Attributes:
        study: its random name, which answers carry too.
        mode: "best": the best of all methods is chosen; "pairs": the better of two.
        tie: "no difference" may be answered.
        seed: by which the images were chosen.
        questions: their names.
        methods: their names, in the order given.
        trials: in random order.
    """

    format: Literal["retouch-study-key-1"] = "retouch-study-key-1"
    study: str
    mode: Mode
    tie: bool
    seed: Annotated[int, Field(ge=0)]
    questions: tuple[str, ...]
    methods: tuple[str, ...]
    trials: tuple[Trial, ...]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `make` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is no key of a study; the message names file and place in it.
        """
        return read_document(cls, Path(path), "key", f"the {KEY_FILE} that `bench study make` wrote")


class Answer(_Part):
    """What was chosen on one screen.

    Attributes:
        question: its name.
        trial: code of the photo.
        repeat: the image was shown a second time for this question, to measure consistency.
        order: codes of the fills in the order shown.
        choice: one of them, or "tie".
        seconds: that it took.
    """

    question: str
    trial: str
    repeat: bool
    order: tuple[str, ...]
    choice: str
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Answers(_Part):
    """One participant's answers, as the page gives them out.

    Attributes:
        study: which study they are of.
        participant: random name.
        seed: from which the page drew all orders.
        started, finished: UTC, ISO 8601.
        answers: in the order given.
    """

    format: Literal["retouch-study-answers-1"] = "retouch-study-answers-1"
    study: str
    participant: Annotated[str, Field(min_length=1)]
    seed: Annotated[int, Field(ge=0)]
    started: str
    finished: str
    answers: tuple[Answer, ...]
