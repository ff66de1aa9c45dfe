"""Left or right knee, from the fibula."""

from typing import Literal

import numpy as np

from .bones import KneeBones

BESIDE_MM = 5.0
"""The fibula must lie at least this far beside the tibia to tell the side."""


def knee_side(bones: KneeBones) -> Literal["left", "right"] | None:
    """Side of the body that a knee belongs to: the fibula lies on the outer side of the tibia.

    Parameters
    ----------
    bones : KneeBones
        Tibia and fibula are looked at, at the heights at which both are in view.

    Returns
    -------
    ``"left"``, ``"right"`` or None
        None where no fibula is in view or it lies straight behind the tibia.
    """
    if bones.fibula is None or bones.tibia.voxels == 0:
        return None
    grid = bones.tibia.grid
    fibula = grid.to_world(np.argwhere(bones.fibula.values))
    tibia = grid.to_world(np.argwhere(bones.tibia.values))
    level = tibia[tibia[:, 2] <= fibula[:, 2].max()]
    if not len(level):
        return None
    beside = float(fibula[:, 0].mean() - level[:, 0].mean())
    if abs(beside) < BESIDE_MM:
        return None
    return "left" if beside > 0 else "right"
