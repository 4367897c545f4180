"""A linear support vector machine with squared hinge loss, solved exactly by damped Newton steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Floats

    Vector = NDArray[np.float64]

_ROWS = 4096  # cast to float64 at once for sums
_FEW_ROWS = 512  # for scores: few enough to stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Plane:
    """A separating plane: score = x . weights + bias, positive on the side of label +1."""

    weights: Vector
    bias: float
    steps: int

    def score(self, x: Floats) -> Vector:
        """Scores [N] of features [N, d]."""
        return _scores((x,), np.append(self.weights, self.bias))


class NotConverged(ArithmeticError):
    """The solver ran out of steps."""


def separate(positive: Floats, negative: Floats, *, c: float = 1.0, most_steps: int = 200) -> Plane:
    """Minimise 1/2 |v|^2 + c sum max(0, 1 - y (v . [x, 1]))^2 over v = (weights, bias).

    The bias is penalised like a weight, as liblinear and therefore scikit-learn's `LinearSVC(dual=False)` do. The
    objective is quadratic as long as the set of rows inside the margin stays; a full Newton step that does not change
    this set has reached the minimum exactly.

    Args:
        positive: features [N, d] of label +1.
        negative: features [M, d] of label -1.
        c: weight of the loss.
        most_steps: give up after so many.

    Raises:
        NotConverged: more steps would be needed (never seen).
    """
    parts = (positive, negative)
    label = np.concatenate([np.ones(len(positive)), -np.ones(len(negative))])  # [n]
    plane: Vector = np.zeros(positive.shape[1] + 1)  # [d + 1]
    score: Vector = np.zeros(len(label))  # [n]
    inside = np.zeros(len(label), bool)  # [n], rows that `gram` and `pull` hold the sums of
    gram = np.zeros((len(plane), len(plane)))  # [d + 1, d + 1]
    product = np.empty_like(gram)  # [d + 1, d + 1], reused: new memory for every block costs time
    pull = np.zeros(len(plane))  # [d + 1]
    full = False
    for step in range(1, most_steps + 1):
        wanted = label * score < 1  # [n]
        if full and (wanted == inside).all():
            return Plane(plane[:-1], float(plane[-1]), step - 1)
        # Only rows that entered or left are added or taken away; the first step adds all.
        for sign, rows in ((1.0, wanted & ~inside), (-1.0, inside & ~wanted)):
            for x, y in _blocks(parts, label, rows):
                np.matmul(x.T, x, out=product)
                (np.add if sign > 0 else np.subtract)(gram, product, out=gram)
                pull += sign * (y @ x)
        inside = wanted
        target: Vector = _solve(gram, pull, c)  # [d + 1]
        move: Vector = target - plane  # [d + 1]
        aim = _scores(parts, target)  # [n]
        shift: Vector = aim - score  # [n]
        length = _damp(plane, move, score, shift, label, c)
        full = length == 1.0
        # A full step takes the scores as computed, so that rounding does not pile up.
        plane = target if full else plane + length * move
        score = aim if full else score + length * shift
    raise NotConverged(f"the separating plane was not found in {most_steps} steps")


def _solve(gram: Vector, pull: Vector, c: float) -> Vector:
    """Minimum of the objective [d + 1] as if the rows inside the margin stayed the same."""
    return np.asarray(np.linalg.solve(np.eye(len(pull)) + 2 * c * gram, 2 * c * pull), np.float64)


def _damp(plane: Vector, move: Vector, score: Vector, shift: Vector, label: Vector, c: float) -> float:
    """Length of the step, 1 if that lowers the objective enough, else halved until it does."""

    def objective(length: float) -> float:
        v = plane + length * move  # [d + 1]
        slack = np.maximum(0, 1 - label * (score + length * shift))  # [n]
        return float(0.5 * v @ v + c * slack @ slack)

    slack = np.maximum(0, 1 - label * score)  # [n]
    slope = float(plane @ move - 2 * c * (slack * label) @ shift)  # derivative along the move, negative
    start, length = objective(0.0), 1.0
    # At the minimum the decrease drowns in rounding: a full step is right there.
    while objective(length) > start + 1e-4 * length * slope + 1e-13 * abs(start) and length > 1e-6:
        length /= 2
    return length


def _scores(parts: tuple[Floats, ...], v: Vector) -> Vector:
    out = []
    for part in parts:
        for start in range(0, len(part), _FEW_ROWS):
            out.append(part[start : start + _FEW_ROWS].astype(np.float64) @ v[:-1] + v[-1])  # [rows]
    return np.concatenate(out)


def _blocks(parts: tuple[Floats, ...], label: Vector, rows: NDArray[np.bool_]) -> Iterator[tuple[Vector, Vector]]:
    """The chosen rows with a one appended, and their labels, a few thousand at a time; valid until the next ones."""
    most = min(_ROWS, int(rows.sum()))
    block = np.ones((most, parts[0].shape[1] + 1))  # [most, d + 1]
    first = 0
    for part in parts:
        chosen = np.flatnonzero(rows[first : first + len(part)])  # [k]
        for start in range(0, len(chosen), _ROWS):
            some = chosen[start : start + _ROWS]  # [rows]
            x = block[: len(some)]  # [rows, d + 1]
            x[:, :-1] = part[some]
            yield x, label[first + some]
        first += len(part)
