"""A block of spongy bone alone, of stated structure: what is known of it is its truth."""

from dataclasses import dataclass, replace
from functools import cache
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, Grid, Mask, UnknownName
from ...core.compiled import parallel, prange
from .cells import Laid, laid, level_of, structure_along
from .fields import AMOUNT, FieldSettings, field_tile
from .laying import OVERLAP, lay
from .mending import RIM, STEP, WIDENS, crisp, depth_in, depth_of, direction_in
from .numbers import structure_numbers
from .specimens import specimen_tile, specimens
from .tiles import SIDE, Tile

FIELD = "field"
"""Source of structure that is made, not scanned."""

FIELD_TILES = 2
"""Tiles of random structure in one block, so that it does not hang on the luck of one."""

VOXEL = (0.02, 0.2)
"""Range of the voxel's side, in mm."""

MOST_VOXELS = 1_000_000_000
"""Largest block: three bytes a voxel are held."""

MAGNIFY = (0.4, 2.5)
"""Factors by which a specimen may be magnified to meet a Tb.Sp (assumed)."""

SPECIMEN_AMOUNT = (0.04, 0.5)
"""BV/TV between which the Tb.Sp of specimens is known."""

ROUNDS = 2
"""Times that a block is laid again, wider or narrower and turned by what was seen of it."""

FEWEST = 3
"""Trabeculae with their gaps across a block from which it is mended; fewer have no mean."""

MOST_POINTS = 8_000_000
"""Largest lattice on which a block is looked at; a larger block shows all of its tiles anyway."""

MOST_ENLARGED = 1.15
"""Factor by which the structure of specimens is enlarged or reduced at most on laying again."""

MOST_TURNED = 15.0
"""Degrees off the direction asked for from which a direction is not trusted, and not mended."""

STEPS_OF_LEVEL = 2048.0
"""Steps of one standard deviation in which the structure of a block is kept."""


@dataclass(frozen=True)
class BlockSettings:
    """What a block of spongy bone is to be like.

    Attributes
    ----------
    shape : tuple of 3 float
        Size in mm.
    voxel : float
        Side of a voxel in mm, 0.02–0.2.
    source : tuple of str
        ``("field",)`` for random structure, or names of `specimens`.
    bvtv : float or tuple of 2 float
        BV/TV, above 0 and below 0.9; two of them are those at the two ends along `along`.
    along : int
        Array axis (0, 1, 2) along which BV/TV changes.
    tb_sp : float or None
        Tb.Sp in mm, above two voxels; None for 0.8 mm, and for specimens as they are.
    stretch, character : float or None
        As in `FieldSettings`, whose values None stands for; of specimens they cannot be asked.
    direction : tuple of 3 float
        Main direction of the trabeculae, of any length but 0.
    seed : int
        The same seed grows the same block.

    Raises
    ------
    BadSetting
        If something is out of range, or more is asked of specimens than they can give.
    UnknownName
        If a source is neither ``"field"`` nor a specimen.
    """

    shape: tuple[float, float, float] = (10.0, 10.0, 10.0)
    voxel: float = 0.05
    source: tuple[str, ...] = (FIELD,)
    bvtv: float | tuple[float, float] = 0.15
    along: int = 2
    tb_sp: float | None = None
    stretch: float | None = None
    character: float | None = None
    direction: tuple[float, float, float] = (0.0, 0.0, 1.0)
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no block can be."""
        _check_lattice(self)
        _check_source(self)
        for bvtv in self.ends:
            if not AMOUNT[0] < bvtv < AMOUNT[1]:
                raise BadSetting(
                    f"BV/TV must be above {AMOUNT[0]:g} and below {AMOUNT[1]:g}; got {bvtv:g}."
                )
        if self.tb_sp is not None and not 2 * self.voxel < self.tb_sp < min(self.shape):
            raise BadSetting(
                f"Tb.Sp must be above two voxels ({2 * self.voxel:g} mm) and below the block's "
                f"size ({min(self.shape):g} mm); got {self.tb_sp:g} mm."
            )
        if not np.linalg.norm(self.direction) > 0 or not np.isfinite(self.direction).all():
            raise BadSetting(f"a direction needs a length above 0; got {self.direction}.")

    @property
    def ends(self) -> tuple[float, float]:
        """BV/TV at the first and the last voxel along `along`."""
        return self.bvtv if isinstance(self.bvtv, tuple) else (self.bvtv, self.bvtv)

    @property
    def mean(self) -> float:
        """BV/TV of the whole block."""
        return 0.5 * sum(self.ends)


@dataclass(frozen=True, eq=False)
class Block:
    """A block of spongy bone.

    Attributes
    ----------
    bone : Mask of shape (i, j, k)
        The bone; axes run to the left, the back and the head.
    truth : dict of str to object
        What is known of it, as plain data: settings, BV/TV of all voxels, Tb.Sp in mm (as asked
        for; of specimens as they are, of the parts shown), and what laying again changed.
    """

    bone: Mask
    truth: dict[str, object]


def grow(settings: BlockSettings) -> Block:
    """Grow a block of spongy bone.

    A block shows parts of its tiles, drawn at random, and tiles are not the same everywhere. It
    is looked at and laid again, specimens larger or smaller and all turned, until it is like the
    whole tiles (module `mending`). Blocks less than three Tb.Sp wide are left as they fell.

    Tb.Sp is a truth of the structure, not of the voxels that it is cut into: thin trabeculae come
    apart on coarse voxels, and what is measured between them is wider. Trabeculae of 0.13 mm on
    voxels of 0.06 mm gave up to 10 % more than the truth, on 0.03 mm up to 2.2 %.

    Parameters
    ----------
    settings : BlockSettings
        What it is to be like.

    Returns
    -------
    Block
        Its BV/TV is what was asked for to 0.0005; the same on any number of threads.

    Raises
    ------
    BadSetting
        If specimens would have to be magnified beyond reason to meet the Tb.Sp.
    """
    rng = np.random.default_rng(settings.seed)
    tiles, tb_sp = _tiles(settings, rng)
    stack, done = _settled(settings, tiles, tb_sp, int(rng.integers(2**63)))
    shape = np.round(np.array(settings.shape) / settings.voxel).astype(int)
    i, j, k = (int(n) for n in shape)
    grid = Grid((i, j, k), np.zeros(3), np.eye(3), np.full(3, settings.voxel))
    slope = np.linspace(*settings.ends, grid.shape[settings.along])
    excess = np.empty(grid.shape, np.int16)
    _fill(stack, settings.voxel, level_of(slope), settings.along, excess)
    bone = Mask(excess > _cut(excess, settings.mean), grid)
    return Block(bone, _truth(settings, bone, tb_sp, done))


class _Done(NamedTuple):
    """What was done to a block so that it is as asked for."""

    enlarged: float
    """Factor by which its structure was enlarged after the first laying."""
    turned: float
    """Degrees by which its structure was turned after the first laying."""
    wider: float
    """Tb.Sp of what the block shows ÷ that of its tiles, as last seen; 1 where not looked at."""


def _settled(
    settings: BlockSettings, tiles: list[Tile], tb_sp: float, seed: int
) -> tuple[Laid, _Done]:
    """Tiles laid so that the block has the Tb.Sp and the main direction asked for."""
    asked = np.array(settings.direction) / np.linalg.norm(settings.direction)
    axis, enlarged, wider = asked, 1.0, 1.0
    spacing = np.array([tile.spacing for tile in tiles])
    scanned = settings.source != (FIELD,)
    stack = _laid(settings, tiles, enlarged, axis, seed)
    step = STEP * float(spacing.mean())
    points = np.prod(np.array(settings.shape) / step + 2 * RIM)
    low, high = SPECIMEN_AMOUNT
    known = not scanned or low <= settings.mean <= high
    if min(settings.shape) < FEWEST * tb_sp or points > MOST_POINTS or not known:
        return stack, _Done(enlarged, 0.0, wider)
    if scanned:
        depths = np.array([depth_of(tile, settings.mean) for tile in tiles])
        depth = float((depths * spacing).mean() / spacing.mean())
    for _ in range(ROUNDS):
        bone = _seen(settings, stack, step * enlarged)
        if scanned:
            wider = (depth_in(bone) / depth) ** WIDENS
        if settings.tb_sp is not None and scanned:
            enlarged = round(float(np.clip(1 / wider, 1 / MOST_ENLARGED, MOST_ENLARGED)), 4)
        found = direction_in(bone)
        if found is not None:
            axis = _turned(axis, found, asked)
        stack = _laid(settings, tiles, enlarged, axis, seed)
    turned = float(np.degrees(np.arccos(min(1.0, axis @ asked / np.linalg.norm(axis)))))
    return stack, _Done(enlarged, turned, wider)


def _laid(
    settings: BlockSettings,
    tiles: list[Tile],
    enlarged: float,
    axis: NDArray[np.float64],
    seed: int,
) -> Laid:
    """Tiles laid in the block, enlarged, with their axis k along `axis`."""
    large = [replace(tile, spacing=tile.spacing * enlarged) for tile in tiles]
    shape = np.maximum(np.round(np.array(settings.shape) / settings.voxel), 1)
    cells = lay(
        np.array([np.zeros(3), shape * settings.voxel]),
        list(enumerate(large)),
        np.random.default_rng(seed),
        size=max(2 * OVERLAP, SIDE * min(tile.spacing for tile in large)),
        axis=lambda points: np.broadcast_to(axis, points.shape),
    )
    return laid(np.stack([tile.values for tile in tiles]), [cells])


def _seen(settings: BlockSettings, stack: Laid, step: float) -> NDArray[np.bool_]:
    """Bone of the block and around it on a lattice of `step` mm."""
    i, j, k = (ceil(size / step) + 2 * RIM for size in settings.shape)
    excess = np.empty((i, j, k), np.int16)
    places = (np.arange(excess.shape[settings.along]) + 0.5 - RIM) * step
    slope = np.interp(places, (0, settings.shape[settings.along]), settings.ends)
    around = stack._replace(origin=stack.origin + RIM * step)
    _fill(around, step, level_of(slope), settings.along, excess)
    return excess > _cut(excess[RIM:-RIM, RIM:-RIM, RIM:-RIM], settings.mean)


def _turned(
    axis: NDArray[np.float64], found: NDArray[np.float64], asked: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Axis to lay tiles along after a block laid along `axis` was found along `found`."""
    off = asked - found * np.sign(found @ asked)
    if np.linalg.norm(off) > np.radians(MOST_TURNED):
        return axis
    both = (axis + off) / np.linalg.norm(axis + off)
    return np.asarray(np.round(both, 4), np.float64)  # alike whatever rounds the last digits


def _check_lattice(settings: BlockSettings) -> None:
    """Raise BadSetting unless size, voxel, axis and seed describe a lattice."""
    low, high = VOXEL
    if not low <= settings.voxel <= high:
        raise BadSetting(f"a voxel is {low:g} to {high:g} mm wide; got {settings.voxel:g} mm.")
    if not (np.array(settings.shape) >= settings.voxel).all():
        raise BadSetting(f"a block is at least a voxel wide; got {settings.shape} mm.")
    voxels = float(np.prod(np.array(settings.shape) / settings.voxel))
    if not voxels <= MOST_VOXELS:
        raise BadSetting(
            f"a block has at most {MOST_VOXELS:.0e} voxels; {settings.shape} mm at "
            f"{settings.voxel:g} mm has {voxels:.2g}. Take larger voxels."
        )
    if settings.along not in (0, 1, 2):
        raise BadSetting(f"BV/TV changes along axis 0, 1 or 2; got {settings.along}.")
    if settings.seed < 0:
        raise BadSetting(f"a seed is 0 or more; got {settings.seed}.")


def _check_source(settings: BlockSettings) -> None:
    """Raise unless the source is known and can be asked for what is asked."""
    if settings.source == (FIELD,):
        _field(settings)
        return
    unknown = [name for name in settings.source if name not in specimens()]
    if unknown or not settings.source:
        raise UnknownName(
            f"structure comes from '{FIELD}' alone or from specimens ({', '.join(specimens())}); "
            f"got {', '.join(unknown) or 'nothing'}."
        )
    if settings.stretch is not None or settings.character is not None:
        raise BadSetting(
            f"stretch and character can be asked of '{FIELD}' only; specimens have their own."
        )
    low, high = SPECIMEN_AMOUNT
    if settings.tb_sp is None:
        return
    if not low <= settings.mean <= high:
        raise BadSetting(
            f"Tb.Sp of specimens is known from BV/TV {low:g} to {high:g}; got {settings.mean:g}."
        )
    for name in settings.source:
        separation = structure_numbers(name, settings.mean).tb_sp
        factor = settings.tb_sp / separation
        if not MAGNIFY[0] <= factor <= MAGNIFY[1]:
            raise BadSetting(
                f"Tb.Sp of {name} is {separation:.2f} mm at this BV/TV; {settings.tb_sp:g} mm "
                f"would magnify it by {factor:.2f}, allowed is {MAGNIFY[0]:g} to {MAGNIFY[1]:g}."
            )


def _field(settings: BlockSettings) -> FieldSettings:
    """Settings of the block's random structure; refuses what is out of range."""
    given = {
        "separation": settings.tb_sp,
        "stretch": settings.stretch,
        "character": settings.character,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    return replace(FieldSettings(amount=settings.mean), **asked)


def _tiles(settings: BlockSettings, rng: np.random.Generator) -> tuple[list[Tile], float]:
    """Tiles of the size that brings about the Tb.Sp, and that Tb.Sp in mm."""
    if settings.source == (FIELD,):
        field = _field(settings)
        return [field_tile(field, rng) for _ in range(FIELD_TILES)], field.separation
    names = settings.source
    own = [structure_numbers(name, settings.mean).tb_sp for name in names]
    if settings.tb_sp is None:
        return [_crisp_tile(name) for name in names], float(np.mean(own))
    scaled = []
    for name, separation in zip(names, own, strict=True):
        tile = _crisp_tile(name)
        scaled.append(replace(tile, spacing=tile.spacing * (settings.tb_sp / separation)))
    return scaled, settings.tb_sp


@cache
def _crisp_tile(name: str) -> Tile:
    """Tile of a specimen, to be shown linearly between its voxels."""
    tile = crisp(specimen_tile(name))
    tile.values.setflags(write=False)
    return tile


def _cut(excess: NDArray[np.int16], share: float) -> int:
    """Number that the given share of voxels exceeds, as nearly as whole numbers can."""
    counts = np.zeros(1 << 16, np.int64)
    for slab in excess:
        counts += np.bincount(slab.reshape(-1).astype(np.int64) + (1 << 15), minlength=1 << 16)
    above = excess.size - np.cumsum(counts)
    return int(np.abs(above - share * excess.size).argmin()) - (1 << 15)


def _truth(settings: BlockSettings, bone: Mask, tb_sp: float, done: _Done) -> dict[str, object]:
    """What is known of a block, as plain data."""
    direction = np.array(settings.direction) / np.linalg.norm(settings.direction)
    known: dict[str, object] = {
        "BV/TV": bone.voxels / bone.values.size,
        "BV/TV at the ends": list(settings.ends),
        "axis along which BV/TV changes": settings.along,
        "Tb.Sp": tb_sp if settings.tb_sp is not None else tb_sp * done.wider,
        "main direction": direction.tolist(),
        "source": list(settings.source),
        "voxel_mm": settings.voxel,
        "seed": settings.seed,
        "mended": {
            "Tb.Sp asked for": settings.tb_sp,
            "enlarged": done.enlarged,
            "turned by degrees": done.turned,
        },
    }
    if settings.source == (FIELD,):
        field = _field(settings)
        known |= {"stretch": field.stretch, "character": field.character}
    return known


@parallel
def _fill(
    stack: Laid,
    voxel: float,
    level: NDArray[np.float32],
    along: int,
    excess: NDArray[np.int16],
) -> None:
    """How far the structure lies above the level, in steps, at the middle of each voxel."""
    ni, nj, nk = excess.shape
    for i in prange(ni):
        row = np.empty(nk, np.float32)
        for j in range(nj):
            at = ((i + 0.5) * voxel, (j + 0.5) * voxel, 0.5 * voxel)
            structure_along(stack, 0, at, (0.0, 0.0, voxel), row, True)
            for k in range(nk):
                place = (np.int64(i), j, k)[along]
                steps = (row[k] - level[place]) * STEPS_OF_LEVEL
                excess[i, j, k] = np.int16(min(max(steps, -32000.0), 32000.0))
