"""What the recipes give: 2,000 masks each at their native size, items 0 to 1999 of seed 0.

`benchmarks/holes.py --statistics` prints the rows. Recipes with object shapes were given made-up blobs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Statistics of one recipe.

    Attributes:
        name: of the recipe.
        mean: mean share of hole.
        std: its standard deviation.
        parts: mean number of 4-connected parts.
    """

    name: str
    mean: float
    std: float
    parts: float


MEASURED = (
    Measured("mat-512-large", 0.403, 0.178, 1.99),
    Measured("mat-512-small", 0.216, 0.141, 1.91),
    Measured("mat-256-large", 0.411, 0.182, 1.76),
    Measured("mat-256-small", 0.220, 0.144, 1.55),
    Measured("comodgan", 0.644, 0.180, 1.60),
    Measured("comodgan-h0", 0.099, 0.053, 1.55),
    Measured("comodgan-h1", 0.315, 0.056, 2.43),
    Measured("comodgan-h2", 0.515, 0.057, 1.99),
    Measured("comodgan-h3", 0.702, 0.057, 1.38),
    Measured("comodgan-h4", 0.863, 0.045, 1.11),
    Measured("lama-thin-256", 0.296, 0.132, 6.30),
    Measured("lama-thin-512", 0.295, 0.137, 6.58),
    Measured("lama-medium-256", 0.243, 0.136, 2.57),
    Measured("lama-medium-512", 0.303, 0.159, 2.56),
    Measured("lama-thick-256", 0.400, 0.222, 1.35),
    Measured("lama-thick-512", 0.453, 0.249, 1.33),
    Measured("lama-train-256", 0.355, 0.207, 1.32),
    Measured("lama-thin-256-test", 0.288, 0.127, 6.45),
    Measured("lama-thin-512-test", 0.286, 0.132, 6.75),
    Measured("lama-medium-256-test", 0.240, 0.132, 2.59),
    Measured("lama-medium-512-test", 0.273, 0.139, 2.66),
    Measured("lama-thick-256-test", 0.263, 0.130, 1.38),
    Measured("lama-thick-512-test", 0.262, 0.131, 1.40),
    Measured("lama-thin-512-places", 0.243, 0.116, 7.99),
    Measured("lama-medium-512-places", 0.246, 0.132, 2.81),
    Measured("lama-thick-512-places", 0.256, 0.135, 1.52),
    Measured("deepfill-v2", 0.310, 0.068, 1.59),
    Measured("deepfill-v2-box", 0.191, 0.023, 1.00),
    Measured("deepfill-v2-brush", 0.151, 0.080, 1.49),
    Measured("2dgs-small", 0.327, 0.070, 5.23),
    Measured("2dgs-large", 0.412, 0.103, 4.46),
    Measured("2dgs-small-exact", 0.312, 0.051, 5.44),
    Measured("2dgs-large-exact", 0.486, 0.051, 4.85),
    Measured("2dgs-regular", 0.295, 0.107, 1.10),
    Measured("2dgs-train", 0.403, 0.101, 4.73),
    Measured("box", 0.141, 0.038, 1.00),
    Measured("boxes", 0.194, 0.073, 2.21),
    Measured("centre", 0.250, 0.000, 1.00),
    Measured("centre-lama", 0.223, 0.000, 1.00),
    Measured("outpaint", 0.277, 0.131, 1.12),
    Measured("outpaint-all", 0.750, 0.000, 1.00),
    Measured("objects", 0.113, 0.067, 1.00),
    Measured("asuka", 0.401, 0.212, 1.40),
    Measured("asuka-enlarged", 0.669, 0.033, 11.76),
    Measured("misato", 0.458, 0.200, 1.41),
    Measured("pixelhacker-foreground", 0.113, 0.067, 1.00),
    Measured("pixelhacker-background", 0.434, 0.300, 1.35),
    Measured("pixelhacker-background-moebius", 0.157, 0.163, 1.58),
    Measured("pixelhacker-background-moebius-v1", 0.062, 0.060, 1.36),
)


def measured(name: str) -> Measured:
    """The statistics of the recipe called `name`; LookupError where none were taken."""
    for row in MEASURED:
        if row.name == name:
            return row
    raise LookupError(f"no statistics of recipe {name!r}; benchmarks/holes.py --statistics takes them")
