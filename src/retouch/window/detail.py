"""The second pass: real detail for a fill that was made at a lower resolution.

A coarse fill is right about structure and has no fine texture. Every filled pixel is matched, at the coarse
resolution, with the known place that looks most alike (PatchMatch search, Barnes et al. 2009), and the fine
residual of that place is added to the enlarged fill:

    out(p) = up(low)(p) + image(q) - up(low)(q),   q = p + scale * offset(p)

The idea of aggregating residuals follows HiFill (Yi et al. 2020); here one offset a pixel is used, chosen
coherent with its neighbours, so that the residual keeps its contrast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from retouch.window.resample import enlarge, touched

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.methods.base import Images, Masks

    Points: TypeAlias = NDArray[np.intp]

PATCH_RADIUS = 2
FEATURES = 16
JUMPS = (8, 4, 2, 1)
ROUNDS = 3
SEARCH_AT_MOST = 30_000  # hole pixels; more are searched at half the resolution first


def patch_features(image: Images, radius: int = PATCH_RADIUS, count: int = FEATURES) -> Images:
    """Project every (2r+1)^2 patch of [h, w, 3] onto its `count` principal components: [h, w, count]."""
    height, width = image.shape[:2]
    padded = np.pad(image, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    side = 2 * radius + 1
    shifts = [(dy, dx) for dy in range(side) for dx in range(side)]
    step = max(1, int((height * width / 4096) ** 0.5))
    rows, columns = np.mgrid[0:height:step, 0:width:step]
    sample = np.concatenate([padded[rows + dy, columns + dx].reshape(-1, 3) for dy, dx in shifts], axis=1)
    centred = (sample - sample.mean(axis=0)).astype(np.float64)  # [n, side*side*3]
    _, vectors = np.linalg.eigh(centred.T @ centred)
    basis = vectors[:, ::-1][:, :count].astype(np.float32)  # largest first
    features = np.zeros((height, width, basis.shape[1]), np.float32)
    for k, (dy, dx) in enumerate(shifts):
        features += padded[dy : dy + height, dx : dx + width] @ basis[3 * k : 3 * k + 3]
    return features


class _Matcher:
    """The nearest-neighbour field of the hole's pixels under search; one source place for each."""

    def __init__(self, features: Images, hole: Masks, valid: Masks, rng: np.random.Generator) -> None:
        self.features = features  # [h, w, F]
        self.valid = valid  # [h, w]: places that may be copied from
        self.points = np.argwhere(hole)  # [n, 2] (y, x)
        self.index = np.full(hole.shape, -1, np.intp)  # [h, w]: a pixel's row in points, or -1
        self.index[hole] = np.arange(len(self.points))
        self.target = features[hole]  # [n, F]
        self.sources = np.argwhere(valid)  # [m, 2]
        self.rng = rng
        self.match: Points = self.sources[rng.integers(len(self.sources), size=len(self.points))]  # [n, 2]
        self.cost = self._distance(np.arange(len(self.points)), self.match)

    def _distance(self, rows: Points, places: Points) -> NDArray[np.float32]:
        difference = self.features[places[:, 0], places[:, 1]] - self.target[rows]  # [k, F]
        return np.asarray(np.einsum("kf,kf->k", difference, difference), dtype=np.float32)

    def offer(self, rows: Points, places: Points) -> None:
        """Keep `places` [k, 2] for the points `rows` [k] where they match better."""
        height, width = self.valid.shape
        inside = (places >= 0).all(axis=1) & (places[:, 0] < height) & (places[:, 1] < width)
        rows, places = rows[inside], places[inside]
        allowed = self.valid[places[:, 0], places[:, 1]]
        rows, places = rows[allowed], places[allowed]
        cost = self._distance(rows, places)
        better = cost < self.cost[rows]
        self.match[rows[better]] = places[better]
        self.cost[rows[better]] = cost[better]

    def propagate(self, jump: int) -> None:
        """Offer every point the shifted match of its four neighbours at distance `jump`."""
        height, width = self.valid.shape
        for dy, dx in ((-jump, 0), (jump, 0), (0, -jump), (0, jump)):
            y, x = self.points[:, 0] + dy, self.points[:, 1] + dx
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            rows = np.flatnonzero(inside)
            neighbour = self.index[y[rows], x[rows]]
            # A neighbour that is known matches itself: its shifted match is the point itself, no candidate.
            rows, neighbour = rows[neighbour >= 0], neighbour[neighbour >= 0]
            self.offer(rows, self.match[neighbour] - (dy, dx))

    def search(self, radius: int) -> None:
        """Offer every point one random place within `radius` of its match."""
        rows = np.arange(len(self.points))
        self.offer(rows, self.match + self.rng.integers(-radius, radius + 1, size=self.match.shape))

    def search_everywhere(self) -> None:
        """Search from scratch: far and near neighbours, random places at shrinking distances."""
        for _ in range(ROUNDS):
            for jump in JUMPS:
                self.propagate(jump)
            radius = max(self.valid.shape) // 2
            while radius >= 1:
                self.search(radius)
                radius //= 3
        self.settle()

    def start_from(self, coarse: Points, coarse_hole: Masks) -> None:
        """Take the matches found at half the resolution and refine them."""
        index = np.full(coarse_hole.shape, -1, np.intp)
        index[coarse_hole] = np.arange(len(coarse))
        parent = np.minimum(self.points // 2, np.array(coarse_hole.shape) - 1)
        found = index[parent[:, 0], parent[:, 1]]
        rows = np.flatnonzero(found >= 0)
        self.offer(rows, coarse[found[rows]] * 2 + self.points[rows] % 2)
        self.propagate(1)
        self.search(2)
        self.settle()

    def settle(self) -> None:
        """Leave the field coherent."""
        self.propagate(1)
        self.propagate(1)


def match_patches(image: Images, hole: Masks, source: Masks, seed: int) -> Points | None:
    """Find for every hole pixel the place in `source` whose patch is nearest: `argmin |P(p) - P(q)|^2`.

    Args:
        image: [h, w, 3] float32, the hole already filled.
        hole: [h, w] bool, the pixels to match.
        source: [h, w] bool, the pixels that may be copied; a whole patch must lie inside.
        seed: of the random search.

    Returns:
        [n, 2] places (y, x), one for each hole pixel in row order; None when nothing may be copied.
    """
    valid = _whole_patches(source)
    if not valid.any():
        return None
    matcher = _Matcher(patch_features(image), hole, valid, np.random.default_rng(seed))
    if np.count_nonzero(hole) <= SEARCH_AT_MOST:
        matcher.search_everywhere()
        return matcher.match
    half = np.s_[: hole.shape[0] // 2 * 2 : 2, : hole.shape[1] // 2 * 2 : 2]
    image_half, hole_half = np.ascontiguousarray(image[half]), hole[half]
    coarse = match_patches(image_half, hole_half, source[half], seed)
    if coarse is None:
        matcher.search_everywhere()
    else:
        matcher.start_from(coarse, hole_half)
    return matcher.match


def _whole_patches(source: Masks) -> Masks:
    """[h, w] bool: pixels whose whole patch lies in `source` and in the window."""
    side = 2 * PATCH_RADIUS + 1
    padded = np.pad(source, PATCH_RADIUS, constant_values=False)
    rows = np.logical_and.reduce([padded[dy : dy + source.shape[0]] for dy in range(side)])
    whole: Masks = np.logical_and.reduce([rows[:, dx : dx + source.shape[1]] for dx in range(side)])
    return whole


def _sample(low: Images, y: NDArray[np.float32], x: NDArray[np.float32]) -> Images:
    """Bilinear samples [n, 3] of `low` [h, w, 3] at low-resolution pixel centres (y, x)."""
    height, width = low.shape[:2]
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    y0, x0 = y.astype(np.intp), x.astype(np.intp)
    y1, x1 = np.minimum(y0 + 1, height - 1), np.minimum(x0 + 1, width - 1)
    fy, fx = (y - y0)[:, None], (x - x0)[:, None]
    top = low[y0, x0] * (1 - fx) + low[y0, x1] * fx
    bottom = low[y1, x0] * (1 - fx) + low[y1, x1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, dtype=np.float32)


def add_detail(image: Images, hole: Masks, low: Images, seed: int) -> Images:
    """Enlarge a coarse fill and give it the fine residual of the places it resembles (module docstring).

    Args:
        image: [H, W, 3] float32 in [0, 1], full resolution; its hole is never read.
        hole: [H, W] bool, True = hole, or not to be copied from.
        low: [h, w, 3] float32, the filled window at the coarse resolution.
        seed: of the random search; same seed, same result.

    Returns:
        [H, W, 3] float32 in [0, 1]: the enlarged fill with detail; meaningful inside the hole only.
    """
    (height, width), (low_height, low_width) = hole.shape, low.shape[:2]
    low_hole = touched(hole, (low_width, low_height))  # [h, w]
    out = enlarge(low, (width, height))  # [H, W, 3]
    scale_y, scale_x = height / low_height, width / low_width
    match = match_patches(low, low_hole, ~low_hole, seed)
    if match is None:
        return out
    offset = np.zeros((*low_hole.shape, 2), np.float32)  # [h, w, 2], in coarse pixels
    offset[low_hole] = match - np.argwhere(low_hole)
    for top in range(0, height, 256):  # bands bound the memory of the gathered samples
        rows, columns = np.nonzero(hole[top : top + 256])
        rows = rows + top
        if not len(rows):
            continue
        low_y = np.minimum(((rows + 0.5) / scale_y).astype(np.intp), low_height - 1)
        low_x = np.minimum(((columns + 0.5) / scale_x).astype(np.intp), low_width - 1)
        shift = offset[low_y, low_x]  # [n, 2]
        source_y = np.clip(rows + np.rint(shift[:, 0] * scale_y).astype(np.intp), 0, height - 1)
        source_x = np.clip(columns + np.rint(shift[:, 1] * scale_x).astype(np.intp), 0, width - 1)
        coarse = _sample(
            low,
            ((source_y + 0.5) / scale_y - 0.5).astype(np.float32),
            ((source_x + 0.5) / scale_x - 0.5).astype(np.float32),
        )
        residual = image[source_y, source_x] - coarse  # [n, 3]
        residual[hole[source_y, source_x]] = 0.0
        out[rows, columns] += residual
    return np.clip(out, 0.0, 1.0)
