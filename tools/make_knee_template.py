"""Make the mean knee that comes with the package from a public label map of one real knee.

Needs ``SAG_3D_DESS_RIGHT_bones_cart_men_fib-label`` of github.com/gattia/pymskt (MIT licence) as
NIfTI: ``python tools/make_knee_template.py LABELS.nii.gz src/osteon/simulate/knee/data/knee.npz``.
"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

PARTS = {
    "femur": (5,),
    "tibia": (6,),
    "patella": (7,),
    "fibula": (8,),
    "femoral cartilage": (1,),
    "medial tibial cartilage": (2,),
    "lateral tibial cartilage": (3,),
    "patellar cartilage": (4,),
    "lateral meniscus": (9,),
    "medial meniscus": (10,),
}
BENEATH = {
    "femoral cartilage": 5,
    "medial tibial cartilage": 6,
    "lateral tibial cartilage": 6,
    "patellar cartilage": 7,
}
SPACING = 0.8  # mm
STEP = 1 / 16  # mm a whole number
REACH = 7.9  # mm: distances are cut off here
DEEP = 3.0  # mm that cartilage is carried on into the bone beneath, so that no gap opens
PAD = 14.0  # mm added around the image


def signed(part: NDArray[np.bool_], spacing: NDArray[np.float64]) -> NDArray[np.float32]:
    """Distance to the surface in mm, positive inside, smoothed over the steps of the slices."""
    inner = distance_transform_edt(part, sampling=spacing)
    outer = distance_transform_edt(~part, sampling=spacing)
    raw = np.clip(inner - outer, -REACH - 4, REACH + 4).astype(np.float32)
    return np.asarray(gaussian_filter(raw, 0.8 / spacing), np.float32)


def main(source: str, target: str) -> None:
    """Write one field of whole numbers and one corner a part."""
    image = nib.as_closest_canonical(nib.load(source))
    labels = np.asarray(image.dataobj)[::-1, ::-1]  # right-anterior-superior to LPS
    spacing = np.abs(np.array(image.header.get_zooms(), np.float64))
    centres = [np.argwhere(labels == label).mean(axis=0) * spacing for label in (2, 3)]
    middle = np.mean(centres, axis=0) + np.array([0, 0, 1.5])
    pad = np.ceil(PAD / spacing).astype(int)
    # bones go on beyond the image above and below; nothing is known to the sides
    labels = np.pad(labels, [(pad[0],) * 2, (pad[1],) * 2, (0, 0)])
    labels = np.pad(labels, [(0, 0), (0, 0), (pad[2],) * 2], mode="edge")
    corner = -pad * spacing - middle
    kept: dict[str, NDArray[np.generic]] = {"spacing": np.array(SPACING), "step": np.array(STEP)}
    for name, values in PARTS.items():
        part = np.isin(labels, values)
        if name in BENEATH:
            near = distance_transform_edt(~part, sampling=spacing) < DEEP
            part |= near & (labels == BENEATH[name])
        field = signed(part, spacing)
        inside = np.argwhere(part)
        low = corner + inside.min(axis=0) * spacing - REACH
        high = corner + inside.max(axis=0) * spacing + REACH
        low, high = np.maximum(low, corner), np.minimum(high, corner + spacing * part.shape)
        low = np.ceil(low / SPACING) * SPACING
        axes = [np.arange(a, b, SPACING) for a, b in zip(low, high, strict=True)]
        if name in ("femur", "tibia", "fibula"):  # not beyond what the image shows
            bounds = corner[2] + pad[2] * spacing[2], -corner[2]
            axes[2] = axes[2][(axes[2] > bounds[0]) & (axes[2] < bounds[0] + 140)]
            low[2] = axes[2][0]
        points = np.meshgrid(*axes, indexing="ij")
        index = [(p - c) / s for p, c, s in zip(points, corner, spacing, strict=True)]
        values8 = map_coordinates(field, index, order=1, mode="nearest")
        kept[name] = np.round(np.clip(values8, -REACH, REACH) / STEP).astype(np.int8)
        kept[name + " corner"] = low
        print(
            name, kept[name].shape, low.round(1), (low + SPACING * np.array(values8.shape)).round(1)
        )
    np.savez_compressed(target, **kept)  # type: ignore[arg-type]
    print(f"{Path(target).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
