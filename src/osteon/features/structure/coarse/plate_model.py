"""Parfitt's plate model: thickness, number and separation from volume and surface alone."""

from dataclasses import dataclass

from ....core import BadSetting, Flag, Method
from ...feature import METHODS, Feature, enter

PLATE_MODEL = Method(
    "plate-model",
    "Bone is taken as parallel plates: Tb.Th = 2·BV/BS, Tb.N = (BV/TV)/Tb.Th, "
    "Tb.Sp = 1/Tb.N − Tb.Th.",
    "doi:10.1172/JCI111096",
    "Parfitt AM et al. Relationships between surface, volume, and thickness of iliac trabecular "
    "bone in aging and in osteoporosis. J Clin Invest 1983;72:1396–1409.",
)
METHODS[PLATE_MODEL.key] = PLATE_MODEL

BIAS = (
    "Right for parallel plates only: a rod comes out half as thick as it is, a sphere a third, "
    "and the error changes with the share of rods. Use the direct form where there are voxels "
    "smaller than a trabecula."
)

enter(
    *(
        Feature(name, unit, PLATE_MODEL.key, definition, PLATE_MODEL.doi, usual, BIAS)
        for name, unit, definition, usual in (
            ("Tb.Th (plate)", "mm", "Mean thickness of plates, 2·BV/BS.", "0.05 to 0.3"),
            ("Tb.N (plate)", "/mm", "Plates met per length, (BV/TV)/Tb.Th.", "0.5 to 5"),
            ("Tb.Sp (plate)", "mm", "Distance between plates, 1/Tb.N − Tb.Th.", "0.2 to 2"),
        )
    )
)


@dataclass(frozen=True)
class PlateModel:
    """Thickness, number and separation of parallel plates.

    Attributes
    ----------
    thickness : float or None
        Tb.Th in mm.
    number : float or None
        Tb.N in 1/mm.
    separation : float or None
        Tb.Sp in mm.
    flags : tuple of Flag
        ``no-bone-surface`` where there are no values.
    """

    thickness: float | None
    number: float | None
    separation: float | None
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Values by the names of their features."""
        return {
            "Tb.Th (plate)": self.thickness,
            "Tb.N (plate)": self.number,
            "Tb.Sp (plate)": self.separation,
        }


def plate_model(*, bone_volume: float, total_volume: float, bone_surface: float) -> PlateModel:
    """Plate-model parameters of given volumes and surface (Parfitt 1983).

    Parameters
    ----------
    bone_volume, total_volume : float
        BV and TV in mm³.
    bone_surface : float
        BS in mm², without the faces where the region cuts the bone.

    Returns
    -------
    PlateModel
        Tb.Th in mm, Tb.N in 1/mm, Tb.Sp in mm; None, with a flag, without bone or surface.

    Raises
    ------
    BadSetting
        If a number is negative or there is more bone than volume.
    """
    if min(bone_volume, bone_surface) < 0.0 or not bone_volume <= total_volume:
        raise BadSetting(
            f"the plate model needs 0 ≤ BV ≤ TV and BS ≥ 0; got BV {bone_volume:g} mm³, "
            f"TV {total_volume:g} mm³, BS {bone_surface:g} mm². Measure all three in one region."
        )
    if bone_volume == 0.0 or bone_surface == 0.0:
        text = (
            f"The plate model needs bone and its surface; got BV {bone_volume:g} mm³ and "
            f"BS {bone_surface:g} mm²."
        )
        return PlateModel(None, None, None, (Flag("no-bone-surface", text),))
    thickness = 2.0 * bone_volume / bone_surface
    number = bone_volume / total_volume / thickness
    return PlateModel(thickness, number, 1.0 / number - thickness)
