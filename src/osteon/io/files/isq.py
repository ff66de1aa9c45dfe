"""Scanco ISQ: micro-CT and HR-pQCT as the scanner writes it."""

from pathlib import Path

import numpy as np

from ...core import Acquisition, Flag, Scan, UnreadableScan, UnsuitableScan, Volume
from ..ct import ATTENUATION
from ..kind import shown
from .stored import grid_of, require_room, three_sides

BLOCK = 512
"""Bytes of a block; the header is one, and ``data_offset`` counts further ones."""

SCOUT = 9
"""``data_type`` of a scout view, which is no volume."""

FIELDS = {
    "data_type": 4,
    "dimx_p": 11,
    "dimy_p": 12,
    "dimz_p": 13,
    "dimx_um": 14,
    "dimy_um": 15,
    "dimz_um": 16,
    "slice_thickness_um": 17,
    "mu_scaling": 22,
    "energy": 42,
    "data_offset": 127,
}
"""Place of each field in the header, in little-endian 32-bit integers.

As published with the readers of BoneJ (``ISQReader``, after Scanco's own note) and ITK
(``itkISQHeaderIO``): sizes in µm are those of the whole image, not of a voxel.
"""

NAME = slice(128, 168)
"""Bytes of the header that hold the patient's or sample's name."""

SCANNER_FRAME = Flag(
    "scanner-frame",
    "The file says where voxels lie in the scanner, not how the patient lay in it; left, front "
    "and up are those of the image.",
)
"""Flag of every image whose format knows no patient."""


def read_isq(path: Path) -> Scan:
    """Scan of an ISQ file, in linear attenuation (1/cm).

    Voxels are stored as int16; divided by ``mu_scaling`` they are the linear attenuation
    coefficient. The grid begins at 0 and runs along x, y, z: the format does not know how the
    patient lay, which the flag ``scanner-frame`` says.

    Parameters
    ----------
    path : Path
        An ISQ file of any name.

    Raises
    ------
    UnreadableScan
        If the file is truncated or its header is damaged.
    UnsuitableScan
        If it is a scout view and no volume.
    """
    with path.open("rb") as file:
        head = file.read(BLOCK)
    if len(head) < BLOCK:
        raise UnreadableScan(
            f"{shown(path)} is truncated: {len(head)} bytes, an ISQ header has {BLOCK}."
        )
    words = np.frombuffer(head, "<i4")
    field = {name: int(words[place]) for name, place in FIELDS.items()}
    if field["data_type"] == SCOUT or field["dimz_um"] == 0:
        raise UnsuitableScan(f"{shown(path)} is a scout view, not a volume; give the ISQ scan.")
    voxels = np.array([field["dimx_p"], field["dimy_p"], field["dimz_p"]])
    microns = np.array([field["dimx_um"], field["dimy_um"], field["dimz_um"]])
    shape = three_sides(path, voxels.tolist())
    if microns.min() <= 0 or field["mu_scaling"] <= 0 or field["data_offset"] < 0:
        raise UnreadableScan(
            f"{shown(path)} has a damaged ISQ header: size {microns.tolist()} µm, mu_scaling "
            f"{field['mu_scaling']}, data_offset {field['data_offset']}; all must be positive."
        )
    start = (field["data_offset"] + 1) * BLOCK
    count = int(np.prod(shape, dtype=object))
    require_room(path, start + 2 * count, path.stat().st_size, packed=False)
    stored = np.memmap(path, "<i2", "r", start, shape, order="F")
    values = stored.astype(np.float32)
    values /= np.float32(field["mu_scaling"])
    name = head[NAME].split(b"\0")[0].decode("latin-1").strip()
    return Scan(
        Volume(values, grid_of(path, shape, np.diag([*microns / 1000 / voxels, 1.0])), ATTENUATION),
        Acquisition(
            modality="CT",
            kvp=field["energy"] / 1000 or None,
            slice_thickness=field["slice_thickness_um"] / 1000 or None,
            manufacturer="Scanco Medical",
        ),
        (SCANNER_FRAME,),
        "ISQ",
        {"PatientName": name} if name else {},
    )
