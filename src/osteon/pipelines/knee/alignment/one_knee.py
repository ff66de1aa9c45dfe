"""MR of a knee laid over its CT: the joint as a whole, then each bone, then the finest voxels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ....core import BadSetting, Grid, Mask, Volume
from ....regions.knee import KneeBones
from ....registration import BonesRegistered, BonesSettings, Rigid, RigidSettings, register_bones

METHODS = {"direct": "mutual-information", "synthetic": "correlation", "mind": "mind"}
"""What is made largest by each method."""

FINEST_MM = 0.7
"""Voxels of the last stage where descriptors are compared, which need cubic ones."""

LEAST_SHARPNESS = 1.5
"""Virtual knees of one person had 1.78 to 2.50, those of different ones at most 1.21."""

SHOWN_AS_IT_LIES = 0.5
"""Where the MR shows at least this part of the bones as it lies, that is where to start from."""


@dataclass(frozen=True)
class KneeRegistering:
    """Choices that change how a knee is registered.

    Attributes
    ----------
    method : str
        ``"direct"``: MR to CT by mutual information. ``"synthetic"``: a synthetic CT made from
        the MR to CT, by correlation. ``"mind"``: MR to CT by descriptors of each voxel's
        neighbourhood (Heinrich 2012, doi:10.1016/j.media.2012.05.008).
    bones : tuple of str
        Bones that are registered, by their names in `KneeBones`.
    seed : int
        Of the poses that are tried.

    Raises
    ------
    BadSetting
        If there is no such method or no bone.
    """

    method: str = "direct"
    bones: tuple[str, ...] = ("femur", "tibia")
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if self.method not in METHODS:
            raise BadSetting(
                f"no way of registering is called '{self.method}'; there are {', '.join(METHODS)}."
            )
        if not self.bones:
            raise BadSetting("registering a knee needs at least one bone; femur and tibia are two.")

    def stages(self) -> BonesSettings:
        """How the joint and each bone are registered."""
        usual = BonesSettings()
        bone = usual.bone
        if self.method == "mind":
            bone = replace(bone, levels_mm=(*bone.levels_mm[:-1], FINEST_MM))
        return replace(
            usual,
            joint=self._own(usual.joint),
            bone=self._own(bone),
            least_sharpness=LEAST_SHARPNESS,
        )

    def _own(self, usual: RigidSettings) -> RigidSettings:
        return replace(usual, metric=METHODS[self.method], seed=self.seed)


def register_knee(
    ct: Volume,
    mr: Volume,
    bones: KneeBones,
    *,
    synthetic: Volume | None = None,
    settings: KneeRegistering | None = None,
    start: Rigid | None = None,
) -> BonesRegistered:
    """Where each bone of a CT lies in an MR of the same knee.

    Three stages: the joint as one body, from poses up to 20 mm and 15 degrees around the start;
    each bone from there, up to 8 mm and 10 degrees, in what is near it; and each bone once more
    on the images' own voxels. What is found is put to the test; see `osteon.registration.Quality`.

    Parameters
    ----------
    ct, mr : Volume
        The images; the world of each is its own.
    bones : KneeBones
        Bones in the CT, on its grid.
    synthetic : Volume or None
        Synthetic CT on the grid of the MR in HU, for the method ``"synthetic"``.
    settings : KneeRegistering or None
        The usual ones if None.
    start : Rigid or None
        About where the answer lies. If None: the images as they lie where the MR then shows at
        least half of the bones, else with their middles laid over each other.

    Returns
    -------
    BonesRegistered
        Also where bones failed: look at its `failed`.

    Raises
    ------
    BadSetting
        If a bone is none of a knee or was not found in the CT, or the method needs a synthetic CT
        and there is none.
    GridMismatch
        If the synthetic CT is not on the grid of the MR, or a bone not on that of the CT.
    EmptyRegion
        If a bone is empty or too small.
    UnsuitableScan
        If an image has voxels that are not finite.
    """
    chosen = settings or KneeRegistering()
    masks = _masks(bones, chosen)
    moving = mr
    if chosen.method == "synthetic":
        if synthetic is None:
            raise BadSetting(
                "registering by a synthetic CT needs one made from the MR; synthesize the cohort "
                "first, or take the method 'direct'."
            )
        moving = synthetic.on(mr.grid, name="the synthetic CT")
    first = start or _start(masks, moving.grid)
    return register_bones(ct, moving, masks, start=first, settings=chosen.stages(), detail=mr)


def _masks(bones: KneeBones, settings: KneeRegistering) -> dict[str, Mask]:
    """Masks of the bones to register, by name."""
    masks = {}
    for name in settings.bones:
        mask = getattr(bones, name, None)
        if not isinstance(mask, Mask):
            raise BadSetting(f"the bones of this CT have no {name!r}; register those that it has.")
        masks[name] = mask
    return masks


def _start(masks: Mapping[str, Mask], moving: Grid) -> Rigid:
    """As the images lie, or by their middles where the moving one shows little of the bones."""
    grid = next(iter(masks.values())).grid
    # every tenth voxel tells the share well enough
    every = np.argwhere(np.any([mask.values for mask in masks.values()], axis=0))[::10]
    index = moving.to_index(grid.to_world(every))
    last = np.array(moving.shape) - 1
    if ((index >= 0) & (index <= last)).all(axis=1).mean() >= SHOWN_AS_IT_LIES:
        return Rigid.identity()
    here = grid.to_world((np.array(grid.shape) - 1) / 2)
    return Rigid.about(here, shift_mm=moving.to_world(last / 2) - here)
