"""Texture of one region of one image: prepared once, then measured family by family."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ...core import BadSetting, Flag, Mask, Measurement, Scan, Volume
from ...features.texture import (
    FAMILIES,
    TextureRegion,
    entry,
    expected_tags,
    family_of,
    prepare,
    region_features,
    response_region,
    stable_tags,
    unit_in,
)
from .beside import NOT_AVAILABLE, PARTS, beside_rows
from .choices import TextureChoices
from .missing import refuse_missing
from .stable import stable_flags
from .units import response_unit
from .windows import InWindows, measure_windows

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps are done, and of how many."""

UNEVEN = 1.01
"""Longest ÷ shortest side of voxels above which neighbours in space lie at several distances."""

NO_VALUE = Flag(
    NOT_AVAILABLE,
    "Not available: this region has no such value, as its formula would divide by 0.",
)


@dataclass(frozen=True, eq=False)
class TextureResult:
    """Everything that `osteon texture` found.

    Attributes
    ----------
    scan : Scan
        The image.
    mask : Mask
        The region as it was drawn.
    region : TextureRegion
        What was measured, after interpolation, limits and filter.
    measurements : tuple of Measurement
        Every number; one that this region does not have has no value and a flag.
    windows : InWindows
        Maps and pool.
    left_out : int
        Features that are not stable enough.
    flags : tuple of Flag
        What bears on all numbers.
    choices : TextureChoices
        Settings.
    """

    scan: Scan
    mask: Mask
    region: TextureRegion
    measurements: tuple[Measurement, ...]
    windows: InWindows
    left_out: int
    flags: tuple[Flag, ...]
    choices: TextureChoices

    @property
    def unit(self) -> str:
        """UCUM unit of what was measured: that of the image, or of the filter's response."""
        return response_unit(self.choices.filtered, self.scan.volume.unit)

    @property
    def response(self) -> Volume | None:
        """Response map of the filter, on the grid of the prepared image; None without one."""
        if self.choices.filtered is None:
            return None
        return Volume(self.region.values, self.region.grid, self.unit)


@dataclass
class _Run:
    """One measurement while it is made."""

    volume: Volume
    mask: Mask
    choices: TextureChoices
    progress: Progress
    rows: list[Measurement] = field(default_factory=list)
    left_out: int = 0

    @property
    def unit(self) -> str:
        """UCUM unit of what is measured."""
        return response_unit(self.choices.filtered, self.volume.unit)

    def region(self) -> TextureRegion:
        """The prepared region."""
        processing, kind = self.choices.processing, self.choices.filtered
        if kind is None:
            return prepare(self.volume, self.mask, processing)
        return response_region(self.volume, self.mask, processing, kind)

    def standard(self, region: TextureRegion) -> None:
        """Rows of the families of the IBSI."""
        dimensions = self.choices.processing.dimensions
        kept = {
            family: self._stable(expected_tags([family], dimensions))
            for family in self.choices.families
            if family in FAMILIES
        }
        families = [family for family, tags in kept.items() if tags]
        if not families:
            return
        self.progress("measuring features", 2, 8)
        found = region_features(region, self.choices.processing, families)
        self.rows += [
            _row(tag, found.get(tag), self.unit) for family in families for tag in kept[family]
        ]

    def beside(self, region: TextureRegion) -> None:
        """Rows of the other families."""
        grey = Volume(region.values, region.grid, self.unit)
        inside = Mask(region.intensity, region.grid)
        for family in self.choices.families:
            if family not in PARTS:
                continue
            self.progress(f"measuring {family}", 3, 8)
            rows = beside_rows(family, grey, inside, self.choices.threshold)
            kept = set(self._stable([row.name for row in rows]))
            self.rows += [row for row in rows if row.name in kept]

    def _stable(self, tags: Sequence[str]) -> list[str]:
        """Those of the tags that are stable enough; the others are counted."""
        if self.choices.stable is None:
            return list(tags)
        resampled = self.choices.processing.interpolation is not None
        stable = stable_tags(self.choices.stable, resampled=resampled)
        kept = [tag for tag in tags if tag in stable]
        self.left_out += len(tags) - len(kept)
        return kept


def measure_region_texture(
    scan: Scan,
    mask: Mask,
    *,
    choices: TextureChoices,
    mask_flags: Sequence[Flag] = (),
    progress: Progress = lambda what, done, steps: None,
) -> TextureResult:
    """Measure the texture of one region.

    Parameters
    ----------
    scan : Scan
        The image.
    mask : Mask
        The region, on the grid of the scan.
    choices : TextureChoices
        Choices that change the numbers.
    mask_flags : sequence of Flag
        What is odd about the file of the mask.
    progress : callable
        Called as ``progress(what, done, steps)``.

    Returns
    -------
    TextureResult
        Numbers, maps and pool.

    Raises
    ------
    GridMismatch
        If the mask lies on another grid.
    EmptyRegion
        If the mask has no voxel, or none is left of it.
    UnsuitableScan
        If a value in the region is not a finite number.
    BadSetting
        If the values do not suit the levels, a window is larger than the region, or no feature
        is stable enough.
    UnknownName
        If a map is asked for that there is not.
    """
    if choices.stable is not None and choices.filtered is not None:
        raise BadSetting("--stable says nothing of filtered images; leave it or the filter out.")
    mask.on(scan.volume.grid, name="the mask")
    refuse_missing(scan, mask, choices)
    run = _Run(scan.volume, mask, choices, progress)
    progress("preparing the region", 1, 8)
    region = run.region()
    run.standard(region)
    run.beside(region)
    if not run.rows:
        raise BadSetting(
            f"none of {run.left_out} features is known to keep an ICC of {choices.stable:g}; "
            "lower --stable or take more families."
        )
    progress("sliding windows", 6, 8)
    windows = measure_windows(scan.volume, mask, region, choices)
    flags = dict.fromkeys((*mask_flags, *_flags(region, scan.volume, choices)))
    return TextureResult(
        scan, mask, region, tuple(run.rows), windows, run.left_out, tuple(flags), choices
    )


def _row(tag: str, value: float | None, image: str) -> Measurement:
    method = f"ibsi-{family_of(tag).replace('_', '-')}"
    flags = (NO_VALUE,) if value is None else ()
    unit = unit_in(entry(tag).unit, image)
    return Measurement("", "mask", tag, value, unit, method, None, flags)


def _flags(region: TextureRegion, volume: Volume, choices: TextureChoices) -> Iterator[Flag]:
    """What a reader must know of all numbers."""
    inside = region.inside
    if inside.size == 1:
        yield Flag("one-voxel", "The region has one voxel; texture needs neighbours.")
    elif inside.min() == inside.max():
        yield Flag("constant", f"All {inside.size} values of the region are {inside[0]:g}.")
    sides = region.spacing
    in_space = "3D" in choices.processing.dimensions
    if in_space and float(sides.max()) > UNEVEN * float(sides.min()):
        told = " × ".join(f"{side:g}" for side in sides)
        yield Flag(
            "uneven-voxels",
            f"Voxels are {told} mm, so that neighbours in space lie at several distances; "
            "interpolation to cubes (spacing in the settings file) makes them comparable.",
        )
    if choices.stable is not None:
        yield from stable_flags(choices, volume.unit)
