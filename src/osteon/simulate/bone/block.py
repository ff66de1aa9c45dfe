"""A block of spongy bone alone, of stated structure: what is known of it is its truth."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, Grid, Mask, UnknownName
from ...core.compiled import parallel, prange
from .cells import Laid, laid, level_of, structure_along
from .fields import AMOUNT, FieldSettings, field_tile
from .laying import OVERLAP, lay
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
        What is known of it, as plain data: settings, BV/TV of all voxels, Tb.Sp in mm.
    """

    bone: Mask
    truth: dict[str, object]


def grow(settings: BlockSettings) -> Block:
    """Grow a block of spongy bone.

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
    shape = np.round(np.array(settings.shape) / settings.voxel).astype(int)
    i, j, k = (int(n) for n in shape)
    grid = Grid((i, j, k), np.zeros(3), np.eye(3), np.full(3, settings.voxel))
    box = np.array([np.zeros(3), np.maximum(shape, 1) * settings.voxel])
    cells = lay(
        box,
        list(enumerate(tiles)),
        rng,
        size=max(2 * OVERLAP, SIDE * min(tile.spacing for tile in tiles)),
        axis=lambda points: np.broadcast_to(np.array(settings.direction, float), points.shape),
    )
    slope = np.linspace(*settings.ends, grid.shape[settings.along])
    excess = np.empty(grid.shape, np.int16)
    stack = laid(np.stack([tile.values for tile in tiles]), [cells])
    _fill(stack, settings.voxel, level_of(slope), settings.along, excess)
    bone = Mask(excess > _cut(excess, settings.mean), grid)
    return Block(bone, _truth(settings, bone, tb_sp))


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
        return [specimen_tile(name) for name in names], float(np.mean(own))
    scaled = []
    for name, separation in zip(names, own, strict=True):
        tile = specimen_tile(name)
        scaled.append(replace(tile, spacing=tile.spacing * (settings.tb_sp / separation)))
    return scaled, settings.tb_sp


def _cut(excess: NDArray[np.int16], share: float) -> int:
    """Number that the given share of voxels exceeds, as nearly as whole numbers can."""
    counts = np.zeros(1 << 16, np.int64)
    for slab in excess:
        counts += np.bincount(slab.reshape(-1).astype(np.int64) + (1 << 15), minlength=1 << 16)
    above = excess.size - np.cumsum(counts)
    return int(np.abs(above - share * excess.size).argmin()) - (1 << 15)


def _truth(settings: BlockSettings, bone: Mask, tb_sp: float) -> dict[str, object]:
    """What is known of a block, as plain data."""
    direction = np.array(settings.direction) / np.linalg.norm(settings.direction)
    known: dict[str, object] = {
        "BV/TV": bone.voxels / bone.values.size,
        "BV/TV at the ends": list(settings.ends),
        "axis along which BV/TV changes": settings.along,
        "Tb.Sp": tb_sp,
        "main direction": direction.tolist(),
        "source": list(settings.source),
        "voxel_mm": settings.voxel,
        "seed": settings.seed,
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
