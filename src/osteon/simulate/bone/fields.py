"""Structure from nothing: level sets of random waves, stretched along one axis, plates to rods.

Bone lies where −√(g₁² + c²·g₂²) is high, for two independent fields of random waves of about
one length. Without the second field (c = 0) that is along surfaces: plates. With it (c = 1) it is
along lines: rods; between lie struts whose sections are c times as thick as wide. Level sets of
random waves as models of spongy media: Cahn 1965, doi:10.1063/1.1695731; Berk 1987,
doi:10.1103/PhysRevLett.58.2718.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.interpolate import RegularGridInterpolator

from ...core import BadSetting
from .tiles import SIDE, Tile, ranked

WAVE = 32.0
"""Mean length of the waves in a tile, in voxels: six of them along each side."""

BAND = 0.2
"""SD of the waves' number per length, relative to its mean (assumed)."""

STRETCH = (1.0, 4.0)
"""Range of the ratio of lengths along and across the main axis."""

AMOUNT = (0.0, 0.9)
"""BV/TV lies between these, and is neither."""


@dataclass(frozen=True)
class FieldSettings:
    """What a random structure is to be like.

    Attributes
    ----------
    separation : float
        Tb.Sp in mm that it is to have at BV/TV `amount`; above 0.
    amount : float
        BV/TV at which Tb.Sp is meant, above 0 and below 0.9.
    stretch : float
        How much longer it is along the main axis (k) than across, 1–4; 1 is isotropic.
    character : float
        0 for plates, 1 for rods.

    Raises
    ------
    BadSetting
        If one of them is out of range.
    """

    separation: float = 0.8
    amount: float = 0.15
    stretch: float = 1.5
    character: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what no structure can be."""
        if not 0 < self.separation < np.inf:
            raise BadSetting(f"Tb.Sp must be above 0 mm; got {self.separation:g} mm.")
        if not AMOUNT[0] < self.amount < AMOUNT[1]:
            raise BadSetting(
                f"BV/TV must be above {AMOUNT[0]:g} and below {AMOUNT[1]:g}; got {self.amount:g}."
            )
        if not STRETCH[0] <= self.stretch <= STRETCH[1]:
            raise BadSetting(
                f"stretch must be {STRETCH[0]:g} (isotropic) to {STRETCH[1]:g}; "
                f"got {self.stretch:g}."
            )
        if not 0 <= self.character <= 1:
            raise BadSetting(f"character must be 0 (plates) to 1 (rods); got {self.character:g}.")


def field_tile(settings: FieldSettings, rng: np.random.Generator) -> Tile:
    """Tile of random structure; its main direction is axis k.

    Parameters
    ----------
    settings : FieldSettings
        What it is to be like.
    rng : Generator
        Source of the waves.

    Returns
    -------
    Tile
        The spacing of its voxels is what brings about the Tb.Sp asked for.
    """
    values = random_structure(settings.stretch, settings.character, rng)
    return Tile("field", values, settings.separation / separation_in_voxels(settings))


def random_structure(
    stretch: float, character: float, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Values of a tile of random structure.

    Parameters
    ----------
    stretch, character : float
        As in `FieldSettings`.
    rng : Generator
        Source of the waves.

    Returns
    -------
    (192, 192, 192) array of int16
        Periodic and normally distributed.
    """
    squared = _waves(stretch, rng) ** 2
    if character > 0:
        squared += (np.float32(character) * _waves(stretch, rng)) ** 2
    return ranked(-np.sqrt(squared))


def separation_in_voxels(settings: FieldSettings) -> float:
    """Mean Tb.Sp of tiles of such settings in voxels of the tile, from the table of measurements.

    Parameters
    ----------
    settings : FieldSettings
        Of which the separation is left aside.

    Returns
    -------
    float
        Tb.Sp in voxels, linear between the settings measured and beyond them.
    """
    axes, values = _measured()
    asked = (settings.amount, settings.character, settings.stretch)
    found = RegularGridInterpolator(axes, values, bounds_error=False, fill_value=None)(asked)
    return float(np.ravel(found)[0])


@cache
def _measured() -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Amounts, characters and stretches that were measured, and Tb.Sp in voxels at each."""
    text = (files(__package__) / "data" / "fields.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    table = np.loadtxt(lines[1:], delimiter=",")
    axes = tuple(np.unique(table[:, n]) for n in range(3))
    order = np.lexsort((table[:, 2], table[:, 1], table[:, 0]))
    return axes, table[order, 3].reshape([axis.size for axis in axes])


def _waves(stretch: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A periodic normal random field with waves of one length, longer along axis k."""
    noise = fft.rfftn(rng.standard_normal((SIDE,) * 3, np.float32))
    across = (fft.fftfreq(SIDE) * WAVE).astype(np.float32)
    along = (fft.rfftfreq(SIDE) * WAVE * stretch).astype(np.float32)
    length = np.sqrt(
        across[:, None, None] ** 2 + across[None, :, None] ** 2 + along[None, None, :] ** 2
    )
    field = fft.irfftn(noise * np.exp(-0.25 * ((length - 1) / BAND) ** 2), (SIDE,) * 3)
    return np.asarray(field / field.std(), np.float32)
