"""From the CT of one knee to parameters of its subchondral bone, without any MR."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ....core import HU, BadSetting, Box, EmptyRegion, Flag, Mask, Measurement, Scan, Volume
from ....learn.knee_model import KneeCard, Opinion
from ....learn.model_folder import KneeModel
from ....regions.knee import KneeBones, find_knee_bones, find_subchondral, knee_side
from ...measure import Progress
from ..patches.places import PatchPlace, cut_ct, patch_places
from .predicted import LOGISTIC, OA, STUDENT, KneePrediction, PatchPrediction
from .unlike import unlike_training

SIDES = ("left", "right")

NEAR_MM = 6.0
"""Standard deviation of the weight with which a patch counts for a voxel, by distance: the
least distance of two patches."""

STEPS = 6


def predict_knee(
    ct: Scan | Volume,
    model: KneeModel,
    *,
    side: str | None = None,
    bones: KneeBones | None = None,
    progress: Progress = lambda what, done, steps: None,
) -> KneePrediction:
    """Parameters of subchondral bone, and the probability of osteoarthritis, from CT alone.

    Parameters
    ----------
    ct : Scan or Volume
        CT of one knee in HU. Of a volume alone nothing is known of the scanner, which is flagged.
    model : KneeModel
        From `read_model`.
    side : {"left", "right"}, optional
        Which knee it is; by the fibula, which is lateral, where not given.
    bones : KneeBones, optional
        Masks of the bones on the scan's grid; found where not given.
    progress : callable
        Called as ``progress(what, done, steps)``.

    Returns
    -------
    KneePrediction
        The uncertainty of a region is the mean of its patches' (as if their errors were one), as
        patches of one scan err together.

    Raises
    ------
    UnitMismatch
        If the values are not HU.
    UnsuitableScan
        If there is metal in view, or a network gives no number.
    EmptyRegion
        If no knee is in view, or no bone beneath the joint.
    BadSetting
        If the side is neither, not what the fibula shows, or not to be told from the scan.
    """
    scan = ct if isinstance(ct, Scan) else Scan(ct)
    volume = scan.volume.in_unit(HU)
    progress("finding the bones", 0, STEPS)
    bones = find_knee_bones(volume) if bones is None else bones
    known = _side(knee_side(bones), side)
    progress("finding the bone beneath the joint", 2, STEPS)
    cube = model.card.lattice
    depths = {"deepest_mm": cube.deepest_mm, "plate_mm": cube.plate_mm}
    regions = dict(find_subchondral(bones, side=known, **depths).regions)
    places = _places(regions, model.card)
    progress("reading the patches", 3, STEPS)
    ct_patches, masks = _patches(scan, regions, places, model.card, known)
    given = model.measure(ct_patches, masks)
    patches = tuple(
        PatchPrediction(*one) for one in zip(places, given.values, given.uncertainties, strict=True)
    )
    progress("drawing the maps", 4, STEPS)
    maps = _maps(volume, regions, patches, model.card)
    opinion = _opinion(model.card, regions, patches)
    distance = model.card.embeddings.distance(given.embeddings.mean(axis=0))
    unlike = unlike_training(scan, regions, model.card, distance)
    flags = (*scan.flags, *bones.flags, *_missing(regions, patches), *unlike)
    return KneePrediction(
        scan=scan,
        card=model.card,
        model_sha256=model.sha256,
        side=known,
        bones=bones.labels(),
        regions=regions,
        patches=patches,
        maps=maps,
        measurements=_measurements(model.card, regions, patches, opinion, flags),
        opinion=opinion,
        distance=distance,
        flags=flags,
    )


def _side(found: str | None, given: str | None) -> str:
    """The side, on which the fibula and the person who asks must agree."""
    if given is not None and given not in SIDES:
        raise BadSetting(f"a knee is left or right; got '{given}'.")
    if given is None and found is None:
        raise BadSetting(
            "which knee it is cannot be told: the fibula is not in view. Say it with --side left "
            "or --side right."
        )
    if given is not None and found is not None and given != found:
        raise BadSetting(
            f"--side {given} does not fit the scan: the fibula lies where that of a {found} knee "
            "does. Leave --side out, or check whether the image is mirrored."
        )
    return str(given or found)


def _places(regions: Mapping[str, Mask], card: KneeCard) -> list[PatchPlace]:
    """Places of patches as in training, at least one."""
    cube = card.lattice
    if places := patch_places(regions, spacing_mm=cube.apart_mm, most=cube.most):
        return places
    raise EmptyRegion(
        "no bone lies beneath the joint in this scan: not one patch could be placed. Use a scan "
        "that shows the whole joint."
    )


def _patches(
    scan: Scan,
    regions: Mapping[str, Mask],
    places: Sequence[PatchPlace],
    card: KneeCard,
    side: str,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """CT and mask of every patch on the model's lattice."""
    cube = card.lattice
    ct = replace(scan, volume=scan.volume.in_unit(HU))
    cut = [
        cut_ct(ct, regions, place, side=side, side_mm=cube.side_mm, voxels=cube.voxels)
        for place in places
    ]
    return np.stack([grey for grey, _ in cut]), np.stack([inside for _, inside in cut])


def _maps(
    volume: Volume,
    regions: Mapping[str, Mask],
    patches: Sequence[PatchPrediction],
    card: KneeCard,
) -> dict[str, Volume]:
    """A map a parameter: at each voxel the mean of its region's patches, the near ones most."""
    grid = volume.grid
    maps = [np.zeros(grid.shape, np.float32) for _ in card.parameters]
    for name, region in regions.items():
        here = [one for one in patches if one.place.region == name]
        if not here:
            continue
        box = _box(region)
        index = np.argwhere(region.values[box]) + [cut.start for cut in box]
        away = np.stack(
            [((grid.to_world(index) - one.place.centre_mm) ** 2).sum(axis=1) for one in here]
        )
        # the nearest patch counts 1, so that weights do not vanish far from all
        weights = np.exp(-(away - away.min(axis=0)) / (2 * NEAR_MM**2))
        weights /= weights.sum(axis=0)
        values = weights.T @ np.stack([one.values for one in here])
        at = tuple(index.T)
        for one, column in zip(maps, values.T, strict=True):
            one[at] = column
    return {
        parameter.name: Volume(values, grid, parameter.unit)
        for parameter, values in zip(card.parameters, maps, strict=True)
    }


def _box(mask: Mask) -> Box:
    """Smallest box of voxels that holds a region with at least one voxel."""
    ends = []
    for axis in range(3):
        seen = np.flatnonzero(mask.values.any(axis=tuple(n for n in range(3) if n != axis)))
        ends.append(slice(int(seen[0]), int(seen[-1]) + 1))
    return ends[0], ends[1], ends[2]


def _means(
    regions: Sequence[str], patches: Sequence[PatchPrediction], columns: Sequence[int]
) -> NDArray[np.float64]:
    """Mean of each parameter in each region, NaN where it has no patch."""
    rows = []
    for name in regions:
        here = [one.values[list(columns)] for one in patches if one.place.region == name]
        rows.append(np.mean(here, axis=0) if here else np.full(len(columns), np.nan))
    return np.stack(rows)


def _opinion(
    card: KneeCard, regions: Mapping[str, Mask], patches: Sequence[PatchPrediction]
) -> Opinion | None:
    """What the model says of osteoarthritis, where it has a say."""
    if card.diagnosis is None:
        return None
    if foreign := set(card.diagnosis.regions) - set(regions):
        raise BadSetting(
            f"the model's diagnosis uses the region '{min(foreign)}'; there are "
            f"{', '.join(regions)}."
        )
    columns = [card.names.index(name) for name in card.diagnosis.parameters]
    return card.diagnosis.opinion(_means(card.diagnosis.regions, patches, columns))


def _missing(regions: Mapping[str, Mask], patches: Sequence[PatchPrediction]) -> tuple[Flag, ...]:
    """A flag for each region without a patch."""
    seen = {one.place.region for one in patches}
    return tuple(
        Flag("region-missing", f"The {name} could not be measured: none of it is in view.")
        for name in regions
        if name not in seen
    )


def _measurements(
    card: KneeCard,
    regions: Mapping[str, Mask],
    patches: Sequence[PatchPrediction],
    opinion: Opinion | None,
    flags: Sequence[Flag],
) -> tuple[Measurement, ...]:
    """Rows of the table: regions by parameters, then the probability."""
    unlike = tuple(flag for flag in flags if flag.code == "unlike-training")
    rows = []
    for name in regions:
        here = [one for one in patches if one.place.region == name]
        values = np.mean([one.values for one in here], axis=0) if here else None
        spread = np.mean([one.uncertainties for one in here], axis=0) if here else None
        part, _, bone = name.rpartition(" ")
        gone = tuple(flag for flag in flags if flag.code == "region-missing" and name in flag.text)
        for place, parameter in enumerate(card.parameters):
            value = None if values is None else float(values[place])
            beyond = () if value is None else _outside(value, card, place)
            rows.append(
                Measurement(
                    level=bone,
                    region=part,
                    name=parameter.name,
                    value=value,
                    unit=parameter.unit,
                    method=STUDENT,
                    uncertainty=None if spread is None else float(spread[place]),
                    flags=(*gone, *beyond, *unlike),
                )
            )
    if opinion is not None:
        odd = tuple(flag for flag in flags if flag.code in ("unlike-training", "region-missing"))
        rows.append(Measurement("", "", OA, opinion.probability, "1", LOGISTIC, None, odd))
    return tuple(rows)


def _outside(value: float, card: KneeCard, place: int) -> tuple[Flag, ...]:
    """A flag where a value lies beyond what the training had."""
    known = card.parameters[place]
    if known.low <= value <= known.high:
        return ()
    text = f"Outside the training, which had {known.low:.3g} to {known.high:.3g}."
    return (Flag("outside-training", text),)
