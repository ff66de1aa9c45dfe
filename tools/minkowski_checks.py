"""Hold Minkowski functionals and fractal numbers to fields and shapes that are known.

Writes results/minkowski.json (every number) and docs/images/minkowski.png.
Run as ``python tools/minkowski_checks.py``; it takes about three minutes of one core.
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from random_fields import stretched_field

from osteon.core import Grid, Mask, Volume
from osteon.features.texture.fractal import box_dimension
from osteon.features.texture.lacunarity import lacunarity
from osteon.features.texture.minkowski.anisotropic import Kernel, slice_directions, solid_directions
from osteon.features.texture.minkowski.cells import PLANE, SOLID
from osteon.features.texture.minkowski.directional import Directional
from osteon.features.texture.minkowski.isotropic import slice_functionals, solid_functionals
from osteon.features.texture.minkowski.tensors import surface_tensor

ROOT = Path(__file__).parents[1]
COMMAND = "python tools/minkowski_checks.py"
NUMBERS = ROOT / "results" / "minkowski.json"
PICTURE = ROOT / "docs" / "images" / "minkowski.png"

GRIDS = {
    "0.5×0.5×0.5 mm": ((0.5, 0.5, 0.5), (100, 100, 100)),
    "0.4×0.4×0.8 mm": ((0.4, 0.4, 0.8), (125, 125, 62)),
}
STRETCHES = (1.25, 1.5, 2.0, 3.0)
DIRECTIONS = ((1, 2, 3), (3, -1, 1), (-2, 3, 1), (1, 1, -2), (2, 1, 0.5), (0.3, -0.5, 1))
"""Ways of stretching, none within 15° of an axis."""
ELONGATIONS = (3.0, 4.0)
"""Kernels longer than the one chosen, for comparison."""
COMPARED_AT = 1.5
"""The stretch at which they are compared."""
PLANE_ANGLES = (20.0, 50.0, 75.0, 110.0, 130.0, 160.0)
ISOTROPIC = 20
ISOTROPIC_PART = 0.6
"""Part of each side of the grids on which isotropic fields are held against permuted ones."""
THRESHOLD = 0.5
"""In standard deviations of the field: 31 % of the voxels lie above."""
WITHIN = 5.0
"""Degrees within which directions must be found."""
COLOURS = {"volume": "#0072B2", "surface": "#D55E00", "breadth": "#009E73", "euler": "#555555"}
MARKERS = {"volume": "o", "surface": "s", "breadth": "^", "euler": "x"}


def unit(direction: tuple[float, ...]) -> NDArray[np.float64]:
    """A direction of length 1."""
    return np.asarray(direction, np.float64) / np.linalg.norm(direction)


def grid_of(shape: tuple[int, ...], spacing: tuple[float, ...] = (1.0, 1.0, 1.0)) -> Grid:
    """A grid along patient axes."""
    return Grid((shape[0], shape[1], shape[2]), np.zeros(3), np.eye(3), np.asarray(spacing))


def field(
    name: str, direction: NDArray[np.float64], stretch: float, seed: int, part: float = 1.0
) -> Volume:
    """A field on one of the grids, or on part of each of its sides."""
    spacing, whole = GRIDS[name]
    shape = (int(whole[0] * part), int(whole[1] * part), int(whole[2] * part))
    values = stretched_field(shape, spacing, direction, stretch, seed=seed)
    return Volume(values, grid_of(shape, spacing), "1")


def angle(found: NDArray[np.float64] | None, true: NDArray[np.float64]) -> float:
    """Degrees between two axes; 90 where none was found."""
    if found is None:
        return 90.0
    return float(np.degrees(np.arccos(min(1.0, abs(float(found @ true))))))


def stretched() -> list[dict[str, Any]]:
    """Direction and anisotropy of every stretched field, by every functional and the tensor."""
    rows = []
    for name, stretch, (seed, way) in product(GRIDS, STRETCHES, enumerate(DIRECTIONS)):
        true = unit(way)
        volume = field(name, true, stretch, seed)
        phase = Mask(volume.values >= THRESHOLD, volume.grid)
        found: dict[str, Any] = {}
        for functional in SOLID:
            measured = solid_directions(phase, functional=functional)
            found[functional] = said(measured, true)
        for elongation in ELONGATIONS if stretch == COMPARED_AT else ():
            width = float(volume.grid.spacing.max())
            measured = solid_directions(phase, kernel=Kernel(width, elongation * width))
            found[f"volume, elongation {elongation:g}"] = said(measured, true)
        tensor = surface_tensor(volume, threshold=THRESHOLD)
        found["surface tensor"] = {
            "degrees off": angle(tensor.directions[0], true),
            "eigenvalue ratio": tensor.ratio,
        }
        rows.append({"voxels": name, "stretch": stretch, "direction": way, "found": found})
    return rows


def in_slices() -> list[dict[str, Any]]:
    """The same of fields stretched within slices."""
    rows = []
    for stretch, (seed, degrees) in product(STRETCHES, enumerate(PLANE_ANGLES)):
        true = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0.0])
        volume = field("0.4×0.4×0.8 mm", true, stretch, seed)
        phase = Mask(volume.values >= THRESHOLD, volume.grid)
        found = {
            functional: said(slice_directions(phase, functional=functional), true)
            for functional in PLANE
        }
        rows.append({"stretch": stretch, "degrees": degrees, "found": found})
    return rows


def said(measured: Directional, true: NDArray[np.float64]) -> dict[str, float]:
    """Degrees off and fractional anisotropy."""
    off = angle(measured.direction, true)
    return {"degrees off": off, "fractional anisotropy": measured.anisotropy}


def unstretched() -> list[dict[str, Any]]:
    """Anisotropy of isotropic fields beside that of their blocks turned at random."""
    rows = []
    for name, seed in product(GRIDS, range(ISOTROPIC)):
        volume = field(name, unit(DIRECTIONS[0]), 1.0, 100 + seed, ISOTROPIC_PART)
        phase = Mask(volume.values >= THRESHOLD, volume.grid)
        for functional in SOLID:
            held = solid_directions(phase, functional=functional).against_permuted(
                permutations=499, seed=seed
            )
            rows.append(
                {
                    "voxels": name,
                    "functional": functional,
                    "seed": seed,
                    "fractional anisotropy": held.anisotropy,
                    "95 % of permuted below": held.limit,
                    "p": held.p,
                    "blocks": held.blocks,
                }
            )
    return rows


def solids() -> list[dict[str, Any]]:
    """Functionals of bodies of voxels beside their exact values."""
    rows = []
    for name, sides in (("cube", (8, 8, 8)), ("plate", (12, 10, 1)), ("rod", (2, 2, 15))):
        body = np.zeros([n + 4 for n in sides], np.bool_)
        body[tuple(slice(2, 2 + n) for n in sides)] = True
        a, b, c = (n * h for n, h in zip(sides, (0.5, 0.7, 1.1), strict=True))
        exact = (a * b * c, 2 * (a * b + a * c + b * c), a + b + c, 1.0)
        mask = Mask(body, grid_of(body.shape, (0.5, 0.7, 1.1)))
        rows += compared(name, solid_functionals(mask), exact)
    chess = np.indices((9, 8, 8)).sum(axis=0) % 2 == 0
    chess = np.pad(chess, 1)
    mask = Mask(chess, grid_of(chess.shape))
    cubes = int(chess.sum())
    flat = slice_functionals(mask)
    for functional, value, exact_value in (
        ("area", flat.area, cubes),
        ("perimeter", flat.perimeter, 4 * cubes),
    ):
        rows.append(row("checkerboard", functional, value, exact_value))
    rows.append(row("checkerboard", "surface", solid_functionals(mask).surface, 6 * cubes))
    places = (np.indices((64, 64, 64)) - 31.5 + 0.2) * 0.25
    ball = Mask((places**2).sum(axis=0) < 36.0, grid_of((64, 64, 64), (0.25, 0.25, 0.25)))
    steps = solid_functionals(ball)
    # of the steps of a ball: shadows along three axes, and widths along them
    rows.append(row("ball", "volume", steps.volume, 4 / 3 * np.pi * 6**3))
    rows.append(row("ball", "surface (of steps)", steps.surface, 6 * np.pi * 6**2))
    rows.append(row("ball", "breadth (of steps)", steps.breadth, 3 * 12.0))
    rows.append(row("ball", "Euler number", steps.euler, 1.0))
    area = 3 * float(np.trace(surface_tensor(ball).tensor))
    rows.append(row("ball", "surface (of tensor)", area, 4 * np.pi * 36))
    return rows


def compared(name: str, found: Any, exact: tuple[float, ...]) -> list[dict[str, Any]]:
    """A row a functional of a solid."""
    pairs = zip(SOLID, exact, strict=True)
    return [row(name, functional, getattr(found, functional), value) for functional, value in pairs]


def row(shape: str, number: str, found: float, exact: float) -> dict[str, Any]:
    """A number beside its exact value."""
    return {"shape": shape, "number": number, "found": float(found), "exact": float(exact)}


def fractals() -> list[dict[str, Any]]:
    """Dimensions of regular fractals, and lacunarity of Bernoulli noise."""
    rows = []
    for name, seed, times, exact in known_fractals():
        body = np.ones((1, 1, 1), np.bool_)
        for _ in range(times):
            body = np.kron(body, seed).astype(np.bool_)
        mask = Mask(body, grid_of(body.shape))
        sides = [float(len(seed) ** n) for n in range(times)]
        rows.append(row(name, "dimension", box_dimension(mask, sides=sides).dimension or 0, exact))
        found = box_dimension(mask).dimension or 0
        rows.append(row(name, "dimension, sides doubled", found, exact))
    noise = Mask(np.random.default_rng(0).random((80, 80, 80)) < 0.3, grid_of((80, 80, 80)))
    for side, value in zip(*sides_and_values(noise), strict=True):
        exact = 1 + 0.7 / 0.3 / side**3
        rows.append(row("Bernoulli noise", f"lacunarity, box of {side:g}", value, exact))
    return rows


def sides_and_values(mask: Mask) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lacunarity by side of box."""
    found = lacunarity(mask)
    return found.sides, found.values


def known_fractals() -> list[tuple[str, NDArray[np.bool_], int, float]]:
    """Name, generator, times it is applied, dimension."""
    ends = np.array([1, 0, 1], np.bool_)
    dust = ends[:, None, None] & ends[:, None] & ends
    middle = np.arange(3) == 1
    crossed = middle[:, None, None].astype(int) + middle[:, None] + middle
    tetrix = np.indices((2, 2, 2)).sum(axis=0) <= 1
    carpet = ~(middle[:, None, None] & middle[:, None])
    return [
        ("Cantor dust", dust, 4, float(np.log(8) / np.log(3))),
        ("Sierpinski carpet", carpet, 5, float(np.log(8) / np.log(3))),
        ("Sierpinski tetrahedron", tetrix, 6, 2.0),
        ("Menger sponge", crossed < 2, 4, float(np.log(20) / np.log(3))),
    ]


def speed() -> dict[str, float]:
    """Seconds of one core for a region of 50 mm in voxels of 0.5 mm, 13 directions."""
    values = stretched_field((100, 100, 100), (0.5,) * 3, unit(DIRECTIONS[0]), 2.0)
    phase = Mask(values >= THRESHOLD, grid_of((100, 100, 100), (0.5, 0.5, 0.5)))
    jobs: dict[str, Callable[[], object]] = {
        "volume in 13 directions": lambda: solid_directions(phase),
        "with histograms": lambda: solid_directions(phase).named("volume"),
    }
    taken = {}
    for name, job in jobs.items():
        start = time.process_time()
        job()
        taken[name] = round(time.process_time() - start, 2)
    return taken


def summary(rows: list[dict[str, Any]], flat: list[dict[str, Any]], chance: Any) -> dict[str, Any]:
    """What the pages say of the numbers."""
    off: dict[str, Any] = {}
    for name in GRIDS:
        own = [one for one in rows if one["voxels"] == name]
        ways = [*SOLID, *(f"volume, elongation {n:g}" for n in ELONGATIONS), "surface tensor"]
        off |= {f"{way}, {name}": degrees_off(own, way) for way in ways}
    off |= {f"{functional}, slices": degrees_off(flat, functional) for functional in PLANE}
    told: dict[str, Any] = {"degrees off, median and most, by stretch": off}
    told["directions in which anisotropy rises with every stretch"] = rising(rows)
    told["isotropic fields above 95 % of permuted ones"] = {
        f"{functional}, {name}": sum(
            one["fractional anisotropy"] >= one["95 % of permuted below"]
            for one in chance
            if one["voxels"] == name and one["functional"] == functional
        )
        for name, functional in product(GRIDS, SOLID)
    }
    return told


def degrees_off(rows: list[dict[str, Any]], functional: str) -> dict[str, list[float]]:
    """Median and largest angle by stretch."""
    told = {}
    for stretch in STRETCHES:
        own = [one["found"] for one in rows if one["stretch"] == stretch]
        off = [found[functional]["degrees off"] for found in own if functional in found]
        if off:
            told[str(stretch)] = [round(float(np.median(off)), 2), round(max(off), 2)]
    return told


def rising(rows: list[dict[str, Any]]) -> dict[str, str]:
    """In how many directions anisotropy rises from stretch to stretch."""
    found = {}
    for name, functional in product(GRIDS, SOLID):
        rises = 0
        for way in DIRECTIONS:
            values = [
                one["found"][functional]["fractional anisotropy"]
                for one in rows
                if one["voxels"] == name and one["direction"] == way
            ]
            rises += bool((np.diff(values) > 0).all())
        found[f"{functional}, {name}"] = f"{rises} of {len(DIRECTIONS)}"
    return found


def draw(rows: list[dict[str, Any]], chance: list[dict[str, Any]]) -> Figure:
    """Direction and anisotropy by stretch, and isotropic fields beside chance."""
    figure = Figure(figsize=(12.0, 7.2), layout="constrained")
    panels = figure.subplots(2, 3)
    for line, name in enumerate(GRIDS):
        own = [one for one in rows if one["voxels"] == name]
        draw_by_stretch(panels[line, 0], own, "degrees off")
        panels[line, 0].axhline(WITHIN, color="black", linestyle=":", linewidth=1)
        panels[line, 0].set(yscale="log", ylim=(0.1, 100), title=name)
        panels[line, 0].set(ylabel="degrees from the true direction")
        draw_by_stretch(panels[line, 1], own, "fractional anisotropy")
        panels[line, 1].set(ylabel="fractional anisotropy", title=name)
        draw_chance(panels[line, 2], [one for one in chance if one["voxels"] == name])
    panels[0, 0].legend(fontsize=8, title="functional", title_fontsize=8)
    figure.suptitle(
        "Anisotropic Minkowski functionals of stretched Gaussian fields (lines: mean of six "
        "directions; dotted: 5°),\nand of isotropic ones beside their own blocks turned at random"
    )
    figure.supxlabel(f"made by: {COMMAND}", fontsize=8, color="#555555")
    return figure


def draw_by_stretch(axes: Axes, rows: list[dict[str, Any]], number: str) -> None:
    """One number of every functional by stretch."""
    for functional in SOLID:
        values = np.array(
            [
                [one["found"][functional][number] for one in rows if one["stretch"] == stretch]
                for stretch in STRETCHES
            ]
        )
        colour, marker = COLOURS[functional], MARKERS[functional]
        mean = values.mean(axis=1)
        axes.plot(STRETCHES, mean, label=functional, linewidth=1.2, color=colour, marker=marker)
        for column in values.T:
            dots = axes.plot(STRETCHES, column, marker, markersize=3, alpha=0.4)[0]
            dots.set_color(colour)
    axes.set(xlabel="stretch", xticks=STRETCHES)
    axes.grid(alpha=0.3)


def draw_chance(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """P of isotropic fields in order; by chance they lie on the line."""
    for functional in SOLID:
        ps = np.sort([one["p"] for one in rows if one["functional"] == functional])
        even = (np.arange(ps.size) + 0.5) / ps.size
        axes.plot(even, ps, color=COLOURS[functional], marker=MARKERS[functional], markersize=4)
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--")
    axes.axhline(0.05, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlabel="expected by chance", ylabel="p of isotropic fields, in order")
    axes.set_title(f"{ISOTROPIC} isotropic fields")
    axes.grid(alpha=0.3)


def main() -> int:
    """Measure, write, and tell what does not hold."""
    rows, flat, chance = stretched(), in_slices(), unstretched()
    told = {
        "command": COMMAND,
        "summary": summary(rows, flat, chance),
        "seconds of one core for 100×100×100 voxels": speed(),
        "shapes": solids(),
        "fractals": fractals(),
        "stretched fields": rows,
        "fields stretched in slices": flat,
        "isotropic fields": chance,
    }
    NUMBERS.write_text(json.dumps(rounded(told), indent=1, ensure_ascii=False) + "\n", "utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    draw(rows, chance).savefig(PICTURE, dpi=100)
    print(json.dumps(told["summary"], indent=1, ensure_ascii=False))
    return 0


def rounded(told: Any) -> Any:
    """The same with six digits a number, so that the file differs only where numbers do."""
    if isinstance(told, float):
        return float(f"{told:.6g}")
    if isinstance(told, dict):
        return {key: rounded(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [rounded(value) for value in told]
    return told


if __name__ == "__main__":
    sys.exit(main())
