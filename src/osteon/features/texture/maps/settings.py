"""What decides how the windows of maps and pools are measured."""

from dataclasses import dataclass, field
from typing import Literal

from ....core import BadSetting, UnknownName
from ..settings import Discretisation, TextureSettings

POOLED = (
    "local_intensity",
    "statistics",
    "histogram",
    "intensity_volume",
    "glcm",
    "glrlm",
    "glszm",
    "gldzm",
    "ngtdm",
    "ngldm",
)
"""Families that windows have; the shape of a window says where it was cut, not what bone is."""

MOST_THRESHOLDS = 9
"""Thresholds of Minkowski functionals; a name ends in the number of one."""


def _of_32_levels() -> TextureSettings:
    return TextureSettings(discretisation=Discretisation("bin-number", bins=32), dimensions=("3D",))


@dataclass(frozen=True)
class MapSettings:
    """How windows are measured.

    Attributes
    ----------
    texture : TextureSettings
        Image processing, done once for the whole region, and levels. Neighbours are those in
        space, whatever its dimensions are.
    levels : {"region", "window"}
        Where bins begin and end: ``"region"``, all windows have the bins of the whole region, so
        that a level means the same in all of them; ``"window"``, each window has bins of its own,
        as if it were measured alone.
    thresholds : tuple of float or None
        One to nine of Minkowski functionals, in the unit of the image; None is the nine deciles
        of the region.
    families : tuple of str
        Families of the pool, of `POOLED`.
    least_share : float
        Windows of the pool of which a smaller part lies in the region are left out, 0 to 1. A map
        has every window whose middle lies in the region.

    Raises
    ------
    BadSetting
        If a number is out of range.
    UnknownName
        If there is no such family.
    """

    texture: TextureSettings = field(default_factory=_of_32_levels)
    levels: Literal["region", "window"] = "region"
    thresholds: tuple[float, ...] | None = None
    families: tuple[str, ...] = POOLED
    least_share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        if self.levels not in ("region", "window"):
            raise BadSetting(f"levels are those of the 'region' or 'window'; got '{self.levels}'.")
        if not 0.0 <= self.least_share <= 1.0:
            raise BadSetting(f"least_share must be 0 to 1; got {self.least_share:g}.")
        if self.thresholds is not None and not 1 <= len(self.thresholds) <= MOST_THRESHOLDS:
            raise BadSetting(
                f"thresholds must be 1 to {MOST_THRESHOLDS} numbers; got {len(self.thresholds)}."
            )
        if unknown := [name for name in self.families if name not in POOLED]:
            raise UnknownName(
                f"windows have no family '{unknown[0]}'; there are {', '.join(POOLED)}."
            )
        if not self.families:
            raise BadSetting("families must name at least one; none was given.")
