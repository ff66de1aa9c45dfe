"""How well each texture feature agrees with itself when voxels, slices, noise or bins change."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

from ...core import BadSetting
from .beside import beside_entry
from .catalogue import entry
from .settings import Discretisation, Interpolation, Resegmentation, TextureSettings

CHANGES = ("voxel_size", "slice_thickness", "noise", "bin_width")
"""What was changed, one at a time."""

COLUMNS = (*CHANGES, "bin_width_values")
"""Groups of columns in the table: icc, low and high of each."""

STUDIED = TextureSettings(
    interpolation=Interpolation((1.0, 1.0, 1.0)),
    resegmentation=Resegmentation(low=-300.0),
    discretisation=Discretisation("bin-size", size=25.0),
)
"""Settings that the table was measured with, in HU; without interpolation for voxels as scanned."""


class Agreement(NamedTuple):
    """ICC(2,1) of a feature over what was changed."""

    icc: float
    """1 where nothing but the specimen decides the value; 0 or less where the change does."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


@dataclass(frozen=True)
class Stability:
    """What is known of the stability of one feature.

    Attributes
    ----------
    tag : str
        As in the catalogue.
    voxel_size, slice_thickness, noise : Agreement
        Over pixels of 0.4 to 1.0 mm, slices of 0.625 to 2.5 mm, and doses eight times apart.
    bin_width : Agreement or None
        Over bins of 12.5 to 50 HU, of values less their mean and by their standard deviation over
        the specimens of each width: whether specimens lie apart in the same way. None where grey
        values are not binned.
    bin_width_values : Agreement or None
        The same of the values themselves. Most are counted in bins, so they change with the width
        as a length does with its unit: values from bins of two widths must never be mixed.
    """

    tag: str
    voxel_size: Agreement
    slice_thickness: Agreement
    noise: Agreement
    bin_width: Agreement | None
    bin_width_values: Agreement | None

    @property
    def least(self) -> float:
        """The smallest of the ICCs, without that of `bin_width_values`."""
        found = (self.voxel_size, self.slice_thickness, self.noise, self.bin_width)
        return min(one.icc for one in found if one is not None)


def stability(tag: str, *, resampled: bool = True) -> Stability | None:
    """The stability of one feature on CT of vertebral trabecular bone.

    Parameters
    ----------
    tag : str
        Key of what `measure_texture` gives back, such as ``cm_contrast_3D_comb``, or
        `spatial_features`, such as ``variogram_slope``.
    resampled : bool
        Whether images are brought to voxels of one size first, as in `STUDIED`, or measured as
        they were scanned.

    Returns
    -------
    Stability or None
        None where the study cannot tell: all its regions have the same shape, so features of
        shape alone do not differ; and what needs a larger region has no value.

    Raises
    ------
    UnknownName
        If no feature has this tag.

    Notes
    -----
    Measured by tools/texture_robustness.py on simulated CT of real specimens of L1;
    docs/concepts/stable-texture.md says what such numbers can show. ICC(2,1) is that of Shrout
    and Fleiss, doi:10.1037/0033-2909.86.2.420; its interval leaves out one donor at a time
    (jackknife, doi:10.1093/biomet/61.1.1).
    """
    known = tag if beside_entry(tag) is not None else entry(tag).tag
    return _table(resampled).get(known)


def stable_tags(least: float, *, resampled: bool = True) -> frozenset[str]:
    """The features that agree with themselves whatever was changed.

    Parameters
    ----------
    least : float
        ICC(2,1) that every change must leave, 0 to 1.
    resampled : bool
        As in `stability`.

    Returns
    -------
    frozenset of str
        Tags; features of which nothing is known are not among them.

    Raises
    ------
    BadSetting
        If `least` is outside its range.
    """
    if not 0 <= least <= 1:
        raise BadSetting(f"the least ICC of a stable feature must be 0 to 1; got {least:g}.")
    return frozenset(tag for tag, row in _table(resampled).items() if row.least >= least)


@cache
def _table(resampled: bool) -> dict[str, Stability]:
    """Rows of stability.csv of one kind of voxels, by tag."""
    wanted = "resampled" if resampled else "scanned"
    text = resources.files(__package__).joinpath("stability.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["tag"]: _read(row) for row in rows if row["voxels"] == wanted}


def _read(row: dict[str, str]) -> Stability:
    voxels, slices, noise = (_agreement(row, name) for name in COLUMNS[:3])
    bins = [_agreement(row, name) if row[f"{name}_icc"] else None for name in COLUMNS[3:]]
    return Stability(row["tag"], voxels, slices, noise, *bins)


def _agreement(row: dict[str, str], name: str) -> Agreement:
    icc, low, high = (float(row[f"{name}_{end}"]) for end in ("icc", "low", "high"))
    return Agreement(icc, low, high)
