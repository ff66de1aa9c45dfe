"""Every texture feature of a region, in every aggregation asked for."""

from collections.abc import Callable, Iterable
from math import isfinite

from ...core import Mask, UnknownName, Volume
from ...core.threads import side_by_side
from .discretise import Levels, discretise
from .families.autocorrelation import autocorrelation_features
from .families.glcm import glcm_features
from .families.gldzm import gldzm_features
from .families.glrlm import glrlm_features
from .families.glszm import glszm_features
from .families.histogram import histogram_features
from .families.intensity_volume import intensity_volume_features
from .families.local_intensity import local_intensity_features
from .families.morphology import morphology_features
from .families.neighbourhoods import neighbourhoods
from .families.ngldm import ngldm_features
from .families.ngtdm import ngtdm_features
from .families.statistics import of_ordered
from .families.zones import zones
from .prepare import prepare
from .region import TextureRegion
from .settings import TextureSettings

FAMILIES = (
    "morphology",
    "autocorrelation",
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
"""Families of features; ``"autocorrelation"`` is the part of morphology that looks at pairs."""

BINNED = frozenset({"histogram", "glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"})
"""Families that need grey levels."""

Found = dict[str, dict[str, float]]
"""Features by family."""

Job = Callable[[], Found]


def measure_texture(
    volume: Volume,
    mask: Mask,
    settings: TextureSettings,
    families: Iterable[str] | None = None,
) -> dict[str, float]:
    """The features of IBSI 1 of a region (doi:10.1148/radiol.2020191145).

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image, in any unit.
    mask : Mask of shape (i, j, k)
        The region, on the image's grid.
    settings : TextureSettings
        Image processing and aggregations; one of `PRESETS`, or your own.
    families : iterable of str or None
        Which of `FAMILIES`; None is all.

    Returns
    -------
    dict of str to float
        Value by tag, such as ``cm_contrast_3D_avg``; the catalogue says what each is. All are
        finite: a feature that this region does not have, as it would be divided by 0, is left
        out.

    Raises
    ------
    EmptyRegion
        If the mask has no voxel, or none is left of it.
    GridMismatch
        If the mask lies on another grid.
    UnsuitableScan
        If a value in the region is not a finite number.
    BadSetting
        If the values do not suit the discretisation.
    UnknownName
        If there is no such family.
    """
    wanted = _checked(families)
    return region_features(prepare(volume, mask, settings), settings, wanted)


def region_features(
    region: TextureRegion, settings: TextureSettings, families: Iterable[str] | None = None
) -> dict[str, float]:
    """The same, of a region that is prepared already, such as the response to a filter.

    Parameters
    ----------
    region : TextureRegion
        Prepared grey values.
    settings : TextureSettings
        Levels and aggregations; interpolation and re-segmentation are not done again.
    families : iterable of str or None
        Which of `FAMILIES`; None is all.

    Returns
    -------
    dict of str to float
        As from `measure_texture`.

    Raises
    ------
    BadSetting
        If the values do not suit the discretisation.
    UnknownName
        If there is no such family.
    """
    wanted = _checked(families)
    jobs = [*_shape_jobs(region, wanted), *_value_jobs(region, settings, wanted)]
    if BINNED & wanted:
        axis = settings.slice_axis
        levels = discretise(region, settings.discretisation, slice_axis=axis)
        jobs += _matrix_jobs(levels, settings, wanted)
    found = _done(jobs)
    return {
        tag: value
        for family in FAMILIES
        if family in found
        for tag, value in found[family].items()
        if isfinite(value)
    }


def _checked(families: Iterable[str] | None) -> frozenset[str]:
    wanted = frozenset(FAMILIES if families is None else families)
    if unknown := sorted(wanted - set(FAMILIES)):
        raise UnknownName(f"no family is called '{unknown[0]}'; there are {', '.join(FAMILIES)}.")
    return wanted


def _done(jobs: list[Job]) -> Found:
    """What the jobs find, side by side where there are threads; the longest are begun first."""
    found: Found = {}
    for done in side_by_side(lambda job: job(), jobs):
        found |= done
    return found


def _shape_jobs(region: TextureRegion, wanted: frozenset[str]) -> list[Job]:
    """What needs places and grey values."""
    jobs: dict[str, Callable[[TextureRegion], dict[str, float]]] = {
        "autocorrelation": autocorrelation_features,
        "morphology": morphology_features,
        "local_intensity": local_intensity_features,
    }
    return [
        lambda family=family, compute=compute: {family: compute(region)}  # type: ignore[misc]
        for family, compute in jobs.items()
        if family in wanted
    ]


def _value_jobs(
    region: TextureRegion, settings: TextureSettings, wanted: frozenset[str]
) -> list[Job]:
    """What needs grey values in order."""

    def job() -> Found:
        found: Found = {}
        if "statistics" in wanted:
            found["statistics"] = of_ordered(region.ordered)
        if "intensity_volume" in wanted:
            histogram = settings.volume_histogram
            found["intensity_volume"] = intensity_volume_features(region, histogram)
        return found

    return [job]


def _matrix_jobs(levels: Levels, settings: TextureSettings, wanted: frozenset[str]) -> list[Job]:
    """What needs grey levels; families that count the same things share a job."""
    dimensions = settings.dimensions

    def in_zones() -> Found:
        found = zones(levels, dimensions)
        sizes = {"glszm": glszm_features(found)} if "glszm" in wanted else {}
        return sizes | ({"gldzm": gldzm_features(found)} if "gldzm" in wanted else {})

    def around() -> Found:
        found = neighbourhoods(levels, dimensions)
        tones = {"ngtdm": ngtdm_features(found)} if "ngtdm" in wanted else {}
        return tones | ({"ngldm": ngldm_features(found)} if "ngldm" in wanted else {})

    jobs: list[tuple[set[str], Job]] = [
        ({"glszm", "gldzm"}, in_zones),
        ({"ngtdm", "ngldm"}, around),
        ({"glrlm"}, lambda: {"glrlm": glrlm_features(levels, dimensions)}),
        ({"glcm"}, lambda: {"glcm": glcm_features(levels, dimensions)}),
        ({"histogram"}, lambda: {"histogram": histogram_features(levels)}),
    ]
    # made before the threads start, which would each make it anew
    _ = levels.packed
    return [job for families, job in jobs if families & wanted]
