"""Mask schedules of PSM: how much of the hole is still missing after each iteration."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias

Share: TypeAlias = Callable[[float], float]
ScheduleName: TypeAlias = Literal["linear", "cosine", "cubic", "sqrt"]

# Share of the hole still missing when r = t / T of the iterations are done (the paper's table 4; formulas of MaskGIT).
SCHEDULES: dict[str, Share] = {
    "linear": lambda r: 1 - r,
    "cosine": lambda r: math.cos(math.pi * r / 2),
    "cubic": lambda r: 1 - r**3,
    "sqrt": lambda r: 1 - math.sqrt(r),
}
# A product that is a whole number may come out just below it: (1 - 0.9) * 10 is 0.99999...
ROUNDING = 1e-6


def shares(schedule: str | Share, iterations: int) -> tuple[float, ...]:
    """Shares of the hole still missing after iterations 1 to T: gamma(t / T) for t < T, and 0 for t = T.

    `floor(share * N_0 + ROUNDING)`, in float64, is then the number N_t of missing pixels.

    Args:
        schedule: a name in SCHEDULES, or a function gamma of r in (0, 1) that gives shares in [0, 1].
        iterations: T, 1 or more.

    Raises:
        ValueError: no iterations, an unknown name, or a function that leaves [0, 1] or grows.
    """
    if iterations < 1:
        raise ValueError(f"iterations: is {iterations}; accepted: 1 or more")
    if isinstance(schedule, str) and schedule not in SCHEDULES:
        raise ValueError(f"schedule: {schedule!r} is unknown; accepted: {', '.join(SCHEDULES)}")
    gamma = SCHEDULES[schedule] if isinstance(schedule, str) else schedule
    missing = [float(gamma(t / iterations)) for t in range(1, iterations)]
    for t, (before, share) in enumerate(zip([1.0, *missing], missing, strict=False), start=1):
        if not 0 <= share <= before:  # false for NaN, too
            raise ValueError(
                f"schedule: the missing share goes from {before:g} to {share:g} in iteration {t} of {iterations}; "
                "accepted: shares in [0, 1] that never grow"
            )
    return (*missing, 0.0)
