"""What there is of one virtual patient: images, labels, and the truth behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core import Labels, Mask, Volume
from ..scene import Scene


@dataclass(frozen=True, eq=False)
class Image:
    """One image as a scanner wrote it.

    Attributes
    ----------
    modality : {"ct", "mr", "microct"}
        Folder and suffix of the file.
    entity : str
        Part of the file name that tells images of one modality apart, such as ``"acq-bffe"``.
    volume : Volume
        Values and grid.
    sidecar : mapping
        How it was made: what the header of a real image would say, nothing that is truth.
    """

    modality: str
    entity: str
    volume: Volume
    sidecar: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Probe:
    """A place in a bone whose true structure is measured on a fine lattice.

    Attributes
    ----------
    region : str
        Name of the region whose row the result goes into.
    bone : str
        Object of the scene that it lies in.
    where : Mask
        On a lattice in the bone's own coordinates; a piece of it around its middle is measured.
    """

    region: str
    bone: str
    where: Mask


@dataclass(frozen=True, eq=False)
class Subject:
    """One virtual patient.

    Attributes
    ----------
    row : mapping
        Row of ``participants.tsv``.
    images : sequence of Image
        What was scanned.
    documents : mapping of str to mapping
        Further data by path under the patient's folder, such as DXA readings.
    masks : mapping of str to Labels
        What a program would have drawn in an image, by name, on its grid.
    truth : mapping
        What no scanner tells: latent patient, requested structure, transforms.
    truth_labels : mapping of str to Labels
        True labels by name, on the grid of an image.
    regions : sequence of mapping
        One row a region with its true parameters.
    probes : sequence of Probe
        Where the structure of the scene is measured as truth.
    scene : Scene or None
        The body itself, in the pose of the CT.
    """

    row: Mapping[str, Any]
    images: Sequence[Image] = ()
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    masks: Mapping[str, Labels] = field(default_factory=dict)
    truth: Mapping[str, Any] = field(default_factory=dict)
    truth_labels: Mapping[str, Labels] = field(default_factory=dict)
    regions: Sequence[Mapping[str, Any]] = ()
    probes: Sequence[Probe] = ()
    scene: Scene | None = None
