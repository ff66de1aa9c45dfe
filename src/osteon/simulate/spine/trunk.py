"""What lies around the spine: skin, fat, muscles, organs, gas, the table below."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import ndtri

from ..scene import Soft
from .implicit import CLIP, Field, Point, axes_of, ellipsoid, lattice, oval
from .tissues import PLACE

Line = NDArray[np.float64]

STREAK = (1.1, 1.1, 5.0)
"""SD of the Gaussian that makes streaks of noise, in voxels of a muscle's lattice (assumed)."""

STREAK_MM = 2.5
"""How far one SD of that noise reaches, in mm (assumed)."""


@dataclass(frozen=True)
class Frame:
    """Where the spine lies in the body, and how large the body is.

    Attributes
    ----------
    low, high : float
        Lowest and highest z of the soft tissues in mm.
    line : (n, 3) array
        Middles of the bodies from below, in world mm.
    wall, canal : float
        Distance of the back of a body, and of the back of the canal, from its middle, in mm.
    back : float
        World y of the skin of the back.
    width, depth : float
        Of the trunk, in mm.
    under_skin : tuple of 2 float
        Thickness of the fat in front and at the back, in mm.
    """

    low: float
    high: float
    line: Line
    wall: float
    canal: float
    back: float
    width: float
    depth: float
    under_skin: tuple[float, float]

    def at(self, z: NDArray[np.floating] | float) -> tuple[Field, Field]:
        """Place (x, y) of the middle of the spine at a height."""
        x = np.interp(z, self.line[:, 2], self.line[:, 0])
        y = np.interp(z, self.line[:, 2], self.line[:, 1])
        return np.asarray(x, np.float32), np.asarray(y, np.float32)


def soft(
    name: str, tissue: str, box: tuple[Point, Point], step: Point, at: Callable[..., Field]
) -> Soft:
    """Object of one tissue in world coordinates, from a function of the axes of its lattice."""
    grid = lattice(*box, step)
    field = np.broadcast_to(at(axes_of(grid)), grid.shape)
    return Soft(name, grid, np.clip(field, -2 * CLIP, None), np.eye(4), PLACE[tissue])


def tube(
    name: str, tissue: str, line: Line, half: NDArray[np.floating], step: Point = (2.0, 2.0, 4.0)
) -> Soft:
    """Object of oval sections around a line that climbs.

    Parameters
    ----------
    name, tissue : str
        What it is, and of what.
    line : (n, 3) array
        Points of its middle, z rising, in world mm.
    half : (n, 2) array
        Half axes along x and y there.
    step : 3 float
        Spacing of its lattice.
    """
    margin = 3 * max(step[:2])
    wide = half.max(axis=0) + margin
    low = (line[:, 0].min() - wide[0], line[:, 1].min() - wide[1], line[0, 2] - step[2])
    high = (line[:, 0].max() + wide[0], line[:, 1].max() + wide[1], line[-1, 2] + step[2])

    def at(axes: tuple[Field, Field, Field]) -> Field:
        x, y, z = axes
        x0, y0, a, b = (
            np.interp(z, line[:, 2], column).astype(np.float32)
            for column in (line[:, 0], line[:, 1], half[:, 0], half[:, 1])
        )
        ends = np.minimum(z - np.float32(line[0, 2]), np.float32(line[-1, 2]) - z)
        return np.asarray(np.minimum(oval(x - x0, y - y0, (a, b), 2.0), ends), np.float32)

    return soft(name, tissue, (low, high), step, at)


def shells(frame: Frame) -> list[Soft]:
    """Table, skin, fat below it, wall of muscle and fat inside, from the outside in."""
    front, rear = frame.under_skin
    edge = 12.0
    box = (
        (-0.5 * frame.width - edge, frame.back - frame.depth - edge, frame.low),
        (0.5 * frame.width + edge, frame.back + edge, frame.high),
    )

    def trunk(before: float, beside: float, behind: float) -> Callable[..., Field]:
        deep = 0.5 * (frame.depth - before - behind)
        middle = frame.back - behind - deep
        wide = 0.5 * frame.width - beside

        def at(axes: tuple[Field, Field, Field]) -> Field:
            return oval(axes[0], axes[1] - np.float32(middle), (wide, deep), 2.5) + 0 * axes[2]

        return at

    step = (4.0, 4.0, 0.5 * (frame.high - frame.low))
    flank = 0.5 * (front + rear)
    table = (
        (-240.0, frame.back - 6, frame.low),
        (240.0, frame.back + 30, frame.high),
    )

    def plank(axes: tuple[Field, Field, Field]) -> Field:
        sag = frame.back + 1.0 - (axes[0] / 110.0) ** 2 + 12.0
        return np.asarray(9.0 - np.abs(axes[1] - sag + 9.0) + 0 * axes[2], np.float32)

    return [
        soft("table", "table", table, step, plank),
        soft("skin", "skin", box, step, trunk(0, 0, 0)),
        soft("fat", "fat", box, step, trunk(1.8, 1.8, 1.8)),
        soft("wall", "muscle", box, step, trunk(front, flank, rear)),
        soft("visceral fat", "fat", box, step, trunk(front + 10, flank + 12, rear + 12)),
    ]


def muscles(frame: Frame, bulk: float) -> list[Soft]:
    """Muscles beside and behind the spine, fat between them.

    Parameters
    ----------
    frame : Frame
        Where the spine lies.
    bulk : float
        Size of the muscles against the average, about 0.7–1.2.
    """
    z = np.linspace(frame.low, frame.high, 12)
    share = (z - frame.low) / (frame.high - frame.low)  # 0 at the sacrum, 1 at T12
    x0, y0 = (v.astype(np.float64) for v in frame.at(z))
    behind = frame.wall + frame.canal
    room = frame.back - frame.under_skin[1] - (y0 + behind)
    out = []
    for side, left in (("left", 1.0), ("right", -1.0)):
        deep = np.clip(0.5 * room + 6, 12, 34) * np.clip(bulk, 0.85, 1.1)
        wide = bulk * (34 + 6 * share)
        middle = np.stack([x0 + left * (wide + 1), y0 + behind + 0.5 * room - 2, z], 1)
        out.append(tube(f"erector {side}", "muscle", middle, np.stack([wide, deep], 1)))
        size = bulk * np.clip(26 - 18 * share, 6, 25)
        middle = np.stack([x0 + left * (22 + 0.95 * size), y0 + 2 - 4 * share, z], 1)
        out.append(tube(f"psoas {side}", "muscle", middle, np.stack([size, size * 1.1], 1)))
        half = np.stack([bulk * (22 - 6 * share), bulk * np.full(12, 8.0)], 1)
        middle = np.stack([x0 + left * (66 - 6 * share), y0 + frame.wall + 4, z], 1)
        out.append(tube(f"quadratus {side}", "muscle", middle, half))
    return out


def streaks(within: Sequence[Soft], age: float, rng: np.random.Generator) -> list[Soft]:
    """Fatty streaks along the muscles of the back: fat between their bundles, more with age.

    Parameters
    ----------
    within : sequence of Soft
        Muscles; those of the back are streaked.
    age : float
        In years. Shares assumed: a tenth of the muscle at 40, a fifth at 70.
    rng : Generator
        Source of where the streaks run.
    """
    share = float(np.clip(0.10 + 0.0033 * (age - 40), 0.05, 0.25))
    out = []
    for muscle in within:
        if not muscle.name.startswith("erector"):
            continue
        noise = gaussian_filter(rng.standard_normal(muscle.inside.shape), STREAK, mode="nearest")
        rise = STREAK_MM * (noise / noise.std() + float(ndtri(share)))
        inside = np.minimum(muscle.inside - 1, rise).astype(np.float32)
        tissue = PLACE["streaked muscle"]
        out.append(replace(muscle, name=f"streaks {muscle.name}", inside=inside, tissue=tissue))
    return out


def organs(frame: Frame, rng: np.random.Generator) -> list[Soft]:
    """Kidneys, liver, bowel and the gas in it."""
    top = float(frame.line[-1, 2])
    out = []
    spots: list[tuple[str, str, Point, Point]] = [
        ("liver", "liver", (-82, -70, top + 5), (72, 78, 75)),
        ("kidney left", "kidney", (64, 8, top - 62), (27, 24, 52)),
        ("kidney right", "kidney", (-64, 8, top - 75), (27, 24, 52)),
    ]
    before = frame.back - frame.depth + frame.under_skin[0] + 14
    for n in range(9):
        reach = 0.26 * frame.width
        at = (
            float(rng.uniform(-reach, reach)),
            float(rng.uniform(before + 18, max(before + 24, -48.0))),
            float(rng.uniform(frame.low + 20, top - 30)),
        )
        half = (float(rng.uniform(18, 34)), float(rng.uniform(14, 20)), float(rng.uniform(16, 40)))
        spots.append((f"bowel {n}", "bowel", at, half))
        if rng.random() < 0.6:  # gas rises: to the front of who lies on the back
            fill = float(rng.uniform(0.35, 0.75))
            inner = (half[0] * fill, half[1] * fill, half[2] * fill)
            high = (at[0], at[1] - 0.85 * half[1] * (1 - fill), at[2])
            spots.append((f"gas {n}", "gas", high, inner))
    for name, tissue, at, half in spots:
        out.append(_blob(name, tissue, at, half))
    return out


def _blob(name: str, tissue: str, at: Point, half: Point) -> Soft:
    """Ellipsoid of one tissue."""
    low = (at[0] - half[0] - 8, at[1] - half[1] - 8, at[2] - half[2] - 8)
    high = (at[0] + half[0] + 8, at[1] + half[1] + 8, at[2] + half[2] + 8)
    return soft(name, tissue, (low, high), (3.0, 3.0, 3.0), lambda axes: ellipsoid(axes, at, half))


def pelvis(frame: Frame) -> list[Soft]:
    """Wings of the iliac bones beside L5 and the sacrum: compact bone around spongy bone."""
    low = float(frame.line[0, 2])
    out = []
    for side, left in (("left", 1.0), ("right", -1.0)):
        z = np.linspace(frame.low, low + 38, 8)
        rise = np.clip((z - low + 40) / 78, 0, 1)
        middle = np.stack([left * (52 + 36 * rise), 34 - 30 * rise, z], 1)
        thick = 9.0 - 4.0 * rise
        outer = np.stack([thick, 34 - 10 * rise], 1)
        out.append(tube(f"ilium {side}", "compact bone", middle, outer))
        out.append(tube(f"iliac marrow {side}", "iliac spongiosa", middle, outer - 1.6))
    return out
