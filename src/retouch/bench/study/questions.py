"""What people are asked.

The first two are those of the user study of the ASUKA paper, which reports for each method how often it was chosen as
best among all (40 images, 100 forms; Table 2c): context stability, "the generated region should be context-stable with
surrounding unmasked region, with a preference of not generating new elements", and visual consistency "between masked
and unmasked regions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retouch.bench.study.documents import Mode


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        name: in answers; where papers report it, their metric's name in `retouch.bench.reported`.
        title: the question in a line.
        text: what to look at, for the screen before the first picture.
    """

    name: str
    title: str
    text: str


CONTEXT = Question(
    "context-stability",
    "Which fill fits its surroundings best?",
    "Look at what was put into the hole. It should carry on what lies around it: the same ground, wall, sky or "
    "pattern. Prefer a fill that adds nothing new, such as an object, a person or letters that the surroundings do "
    "not call for. "
    "Leave small differences of colour aside.",
)
VISUAL = Question(
    "visual-consistency",
    "In which picture can the filled part be told apart least?",
    "Look at colour, brightness and sharpness on both sides of the former border of the hole. They should agree: "
    "no border, no stain, no smear. Leave aside whether what was put there makes sense.",
)
BETTER = Question(
    "better",
    "Which of the two looks more natural?",
    "Two fills of the same hole. Choose the one that you would rather take for an untouched photo.",
)

QUESTIONS: dict[Mode, tuple[Question, ...]] = {"best": (CONTEXT, VISUAL), "pairs": (BETTER,)}
