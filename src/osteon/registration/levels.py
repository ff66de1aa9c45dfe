"""The two images from coarse to fine, and one descent of ITK's on a level."""

from dataclasses import dataclass

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from ..core import Box, Grid, Mask, Volume, resample
from .mind import MindLevel, mind_level
from .similarity import Similarity
from .transforms import Rigid, seen_through

CLIPPED = (0.5, 99.5)
"""Percentiles beyond which grey values are cut off: metal and noise would empty the classes."""

ITK_BINS = 48
"""Classes of Mattes' mutual information (2003, doi:10.1109/TMI.2002.803111)."""

SEED = 1
"""Of the draw of these places."""

RELAXATION = 0.6
"""By this the step shrinks where the descent turns round."""

SMALLEST_STEP = 0.004
"""The descent ends where its step is below this part of a voxel."""

OWN = 0.0
"""Voxel size that stands for the images' own voxels."""

ROOM_MM = 10.0
"""On its own voxels the moving image is looked at so far around the region as the start has it."""


@dataclass(frozen=True, eq=False)
class Level:
    """Both images at one voxel size.

    Attributes
    ----------
    spacing : float
        Voxel size in mm, cubic; 0 where the images are on their own voxels.
    fixed, moving : Volume
        Values 0 to 1.
    inside : Mask
        Where the fixed image is compared.
    allowed : Mask or None
        Where the moving image is compared; everywhere if None.
    metric : str
        ``"mutual-information"`` or ``"correlation"``.
    """

    spacing: float
    fixed: Volume
    moving: Volume
    inside: Mask
    allowed: Mask | None
    metric: str

    @property
    def step(self) -> float:
        """First step of a descent in mm: a voxel, along its longest edge."""
        return self.spacing or float(self.fixed.grid.spacing.max())

    def similarity(self, most: int) -> Similarity:
        """The comparison at all places inside, or at `most` of them, evenly chosen."""
        index = np.argwhere(self.inside.values)
        index = index[:: max(1, -(-len(index) // most))]
        return Similarity(
            self.fixed.grid.to_world(index),
            self.fixed.values[tuple(index.T)].astype(np.float64),
            self.moving,
            None if self.allowed is None else self.allowed.values.astype(np.float32),
            self.metric,
        )

    def descend(self, start: Rigid, most: int, places: int) -> Rigid:
        """The best transform that is downhill of `start`; `start` where ITK finds no way.

        One thread: sums over several would end in other last digits on other machines.

        Parameters
        ----------
        start : Rigid
            From places of the fixed image to places of the moving one.
        most : int
            Steps, at most.
        places : int
            About how many places are compared at most, drawn with a seed of their own.
        """
        method = SimpleITK.ImageRegistrationMethod()
        method.SetNumberOfThreads(1)
        method.SetNumberOfWorkUnits(1)
        if self.metric == "correlation":
            method.SetMetricAsCorrelation()
        else:
            method.SetMetricAsMattesMutualInformation(ITK_BINS)
        share = places / max(self.inside.voxels, 1)
        if share < 1:
            method.SetMetricSamplingStrategy(method.RANDOM)
            method.SetMetricSamplingPercentage(share, SEED)
        method.SetInterpolator(SimpleITK.sitkLinear)
        # filtered gradients are of an image smoothed once more, whose edges lie elsewhere
        method.MetricUseFixedImageGradientFilterOff()
        method.MetricUseMovingImageGradientFilterOff()
        method.SetMetricFixedMask(_image(self.inside.values.astype(np.uint8), self.inside.grid))
        # the moving image is told in the world of the fixed one: turns to find are small
        box = self._near(start)
        there = seen_through(self.moving.grid.part(box), start)
        if self.allowed is not None:
            method.SetMetricMovingMask(_image(self.allowed.values[box].astype(np.uint8), there))
        centre = self.fixed.grid.to_world(np.argwhere(self.inside.values).mean(axis=0))
        move = SimpleITK.Euler3DTransform()
        move.SetCenter(centre.tolist())
        method.SetInitialTransform(move, inPlace=True)
        method.SetOptimizerAsRegularStepGradientDescent(
            learningRate=self.step,
            minStep=SMALLEST_STEP * self.step,
            numberOfIterations=most,
            relaxationFactor=RELAXATION,
        )
        method.SetOptimizerScalesFromPhysicalShift()
        try:
            method.Execute(
                _image(self.fixed.values, self.fixed.grid), _image(self.moving.values[box], there)
            )
        except RuntimeError:  # nothing of the region is shown, or an image does not vary
            return start
        turn = np.array(move.GetMatrix()).reshape(3, 3)
        matrix = np.eye(4)
        matrix[:3, :3] = turn
        matrix[:3, 3] = np.array(move.GetTranslation()) + centre - turn @ centre
        # an image that does not vary has no gradient, and ITK then divides by zero
        return start @ Rigid(matrix) if np.isfinite(matrix).all() else start

    def _near(self, start: Rigid) -> Box:
        """The part of the moving image that is looked at; on coarse voxels, all of it."""
        every = slice(None), slice(None), slice(None)
        if self.spacing != OWN:
            return every
        corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(self.fixed.grid.shape) - 1)
        index = self.moving.grid.to_index(start(self.fixed.grid.to_world(corners)))
        room = ROOM_MM / self.moving.grid.spacing
        shape = np.array(self.moving.grid.shape)
        low = np.clip(np.floor(index.min(axis=0) - room), 0, shape).astype(int)
        high = np.clip(np.ceil(index.max(axis=0) + room) + 1, 0, shape).astype(int)
        if (high - low).min() < 2:  # it does not show the region: let ITK find that out
            return every
        i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        return i, j, k


class Moving:
    """The moving image on each voxel size that is asked for, made once.

    Parameters
    ----------
    volume : Volume
        The image.
    allowed : Mask or None
        Where it counts, on its grid; everywhere if None.
    """

    def __init__(self, volume: Volume, allowed: Mask | None) -> None:
        self._made = {OWN: (_scaled(volume, allowed), allowed)}

    def at(self, spacing: float) -> tuple[Volume, Mask | None]:
        """Values 0 to 1, and where they count, on voxels of `spacing` mm."""
        if spacing not in self._made:
            volume, allowed = self._made[OWN]
            onto = _cubic(volume.grid, spacing)
            self._made[spacing] = (
                resample(volume, onto=onto),
                None if allowed is None else resample(allowed, onto=onto, method="linear"),
            )
        return self._made[spacing]


AnyLevel = Level | MindLevel


def level(
    fixed: Volume, inside: Mask, moving: Moving, spacing: float, how: tuple[str, Rigid]
) -> AnyLevel:
    """Both images on cubic voxels of `spacing` mm, smoothed where that is coarser than they are.

    Parameters
    ----------
    fixed : Volume
        Fixed image.
    inside : Mask
        Where it counts, on its grid.
    moving : Moving
        Moving image.
    spacing : float
        In mm; 0 takes the images on their own voxels, neither resampled nor smoothed.
    how : (str, Rigid)
        ``"mutual-information"``, ``"correlation"`` or ``"mind"``, and about what is looked for.
    """
    metric, start = how
    box = box_around(inside, 2 * spacing)
    region = inside.part(box)
    cut = _scaled(fixed.part(box), region)
    if metric == "mind":
        return mind_level(cut, region, moving.at(OWN), start, spacing)
    there, allowed = moving.at(spacing)
    if spacing == OWN:
        return Level(spacing, cut, there, region, allowed, metric)
    coarse = _cubic(cut.grid, spacing)
    region = resample(region, onto=coarse, method="linear")
    return Level(spacing, resample(cut, onto=coarse), there, region, allowed, metric)


def own_level(fixed: Volume, inside: Mask, moving: Moving) -> Level:
    """Both images on their own voxels, compared by mutual information."""
    box = box_around(inside, 0.0)
    region = inside.part(box)
    there, allowed = moving.at(OWN)
    cut = _scaled(fixed.part(box), region)
    return Level(OWN, cut, there, region, allowed, "mutual-information")


def box_around(mask: Mask, room_mm: float) -> Box:
    """The part of a mask's grid that holds it, with so much room around, as far as there is."""
    index = np.argwhere(mask.values)
    room = np.ceil(room_mm / mask.grid.spacing).astype(int)
    low = np.maximum(index.min(axis=0) - room, 0)
    high = np.minimum(index.max(axis=0) + 1 + room, mask.grid.shape)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return i, j, k


def _cubic(grid: Grid, spacing: float) -> Grid:
    """Cubic voxels that cover a grid's, with its directions."""
    width = np.array(grid.shape) * grid.spacing
    i, j, k = (max(1, int(np.floor(w / spacing + 1e-6))) for w in width)
    start = (width - spacing * np.array([i, j, k])) / 2 + spacing / 2
    origin = grid.to_world(start / grid.spacing - 0.5)
    return Grid((i, j, k), origin, grid.direction, np.full(3, spacing))


def _scaled(volume: Volume, inside: Mask | None) -> Volume:
    """Values from 0 to 1 between two percentiles of those that count."""
    values = volume.values.astype(np.float32)
    low, high = np.percentile(values if inside is None else values[inside.values], CLIPPED)
    scaled = np.clip((values - low) / max(float(high - low), 1e-12), 0, 1)
    return Volume(scaled, volume.grid, "1")


def _image(values: NDArray[np.float32] | NDArray[np.uint8], grid: Grid) -> SimpleITK.Image:
    """ITK's kind of image."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(values.transpose(2, 1, 0)))
    image.SetOrigin(grid.origin.tolist())
    image.SetSpacing(grid.spacing.tolist())
    image.SetDirection(grid.direction.ravel().tolist())
    return image
