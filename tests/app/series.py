"""The lumbar sample as a DICOM series, as a scanner would have stored it."""

from collections.abc import Mapping
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage

from dicom_maker import stack


def axial(path: Path):
    """HU (k, j, i) of axial slices and the 4×4 matrix from (i, j, k) to world LPS mm."""
    image = nibabel.as_closest_canonical(nibabel.load(path))
    values = np.asarray(image.dataobj)[::-1, ::-1].transpose(2, 1, 0)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    corner = affine @ [image.shape[0] - 1, image.shape[1] - 1, 0, 1]
    side = np.abs(np.diag(affine))
    to_world = np.diag([*side[:3], 1.0])
    to_world[:3, 3] = corner[:3]
    return values.astype(np.int16), to_world


def slices_of(path: Path, elements: Mapping[str, object] = {}, tilt: float = 0.0):
    """Slices of a NIfTI file; with a tilt in degrees the gantry leans about the x axis."""
    values, to_world = axial(path)
    side = np.diag(to_world)[:3]
    lean = np.radians(tilt)
    cosines = (1.0, 0.0, 0.0, 0.0, float(np.cos(lean)), float(np.sin(lean)))
    places = [tuple(to_world[:3, 3] + [0, 0, side[2] * k]) for k in range(len(values))]
    made = stack(places, shape=values.shape[1:], cosines=cosines, spacing=side[[1, 0]])
    if tilt:
        k, j, i = np.indices(values.shape).astype(float)
        where = [k + j * np.sin(lean) * side[1] / side[2], j * np.cos(lean), i]
        tilted = ndimage.map_coordinates(values.astype(float), where, order=1, cval=-1024)
        values = np.round(tilted).astype(np.int16)
    for header, plane in zip(made, values, strict=True):
        header.PixelData = plane.tobytes()
        header.RescaleSlope, header.RescaleIntercept, header.RescaleType = 1, 0, "HU"
        header.KVP, header.SliceThickness = 120, side[2]
        for keyword, value in elements.items():
            setattr(header, keyword, value)
    return made
