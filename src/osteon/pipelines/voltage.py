"""HU at one tube voltage."""

from ..calibration import kvp_factor


def to_120_kvp(kvp: float | None) -> float:
    """Factor that takes HU of bone at a tube voltage to those at 120 kVp, or 1 if not known.

    Bone is brighter at a low voltage, so a student would mistake a scanner's setting for bone.
    Below 100 and above 140 kVp the factor is that of the end (`osteon.calibration.kvp_factor`),
    which takes part of the difference away and invents none.
    """
    return 1.0 if kvp is None else kvp_factor(kvp)[0]
