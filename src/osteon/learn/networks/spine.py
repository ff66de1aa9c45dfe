"""The network of the spine: vertebrae to densities and levels, and all of them to the patient."""

import math
from dataclasses import dataclass, field
from itertools import permutations
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from .backbones import Backbone, make_backbone
from .experts import Experts, Gate
from .pooling import GRID, boxed, parts_of, pooled
from .vertebra import EncoderSettings

ClassHead = Literal["linked", "softmax", "both"]
CLASS_HEADS: tuple[str, ...] = get_args(ClassHead)
"""Classes from the density and its uncertainty; from logits of their own; or the mean of both."""

LEVELS = 4
"""Vertebrae that a densitometer reads, L1 to L4."""

CLASSES = 3

NARROW = 4
"""Channels of the map that are kept apart by where they are in the vertebra."""

LEAST, MOST = -6.0, 4.0
"""Logarithm of variances is kept between."""

ABSENT = -1e4
"""Score in the attention of a place where no vertebra is."""


@dataclass(frozen=True)
class SpineShape:
    """Size and parts of the network.

    Attributes
    ----------
    backbone : {"vertebra", "resnet", "swin"}
        Encoder.
    encoder : EncoderSettings
        Size of the encoder.
    facts : int
        Measured numbers of a vertebra.
    devices : int
        Densitometers known by number.
    width : int
        Length of what is known of a vertebra.
    gate : {"none", "image", "device", "both", "own"}
        What the gate of the experts sees.
    experts : int
        How many.
    classes : {"linked", "softmax", "both"}
        How classes are told.
    """

    backbone: Backbone = "vertebra"
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    facts: int = 0
    devices: int = 1
    width: int = 32
    gate: Gate = "both"
    experts: int = 4
    classes: ClassHead = "linked"


class SpineRead(NamedTuple):
    """What the network says of p patients with s places for vertebrae.

    Attributes
    ----------
    mean, log_variance : (p,) Tensor
        Density of the patient, standardised.
    vertebra_mean, vertebra_log_variance : (p, s) Tensor
        The same of each vertebra.
    attention : (p, s) Tensor
        Share of each vertebra, 0 where none is present.
    levels : (p, s, 4) Tensor
        Logarithms of the probabilities of the levels.
    classes : (p, 3) Tensor
        Logits of the classes that are no function of the density.
    experts : (p, s, e) Tensor
        Weights.
    embedding : (p, w) Tensor
        What is known of the patient.
    """

    mean: Tensor
    log_variance: Tensor
    vertebra_mean: Tensor
    vertebra_log_variance: Tensor
    attention: Tensor
    levels: Tensor
    classes: Tensor
    experts: Tensor
    embedding: Tensor


class SpineNetwork(nn.Module):
    """Encoder, experts, heads and attention over the vertebrae of a patient.

    Every head starts from saying nothing: the density from the line of the facts, and the
    patient from the mean of the vertebrae.

    Parameters
    ----------
    shape : SpineShape
        Size and parts.
    """

    def __init__(self, shape: SpineShape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = make_backbone(shape.backbone, shape.encoder)
        self.narrow = nn.Conv3d(self.encoder.width, NARROW, 1)
        self.of_place = nn.Linear(NARROW * math.prod(GRID), shape.width)
        sees = 3 * self.encoder.width + shape.width + shape.facts
        self.vertebra = nn.Sequential(
            nn.Linear(sees, shape.width), nn.GELU(), nn.Linear(shape.width, shape.width)
        )
        self.experts = Experts(shape.width, shape.devices, gate=shape.gate, experts=shape.experts)
        self.of_vertebra = _silent(shape.width, 2)
        self.of_level = nn.Linear(2 * self.known, LEVELS)
        self.of_attention = _silent(shape.width, 1)
        self.of_patient = _silent(shape.width, 2)
        self.of_class = _silent(shape.width + 2, CLASSES)
        self.log_temperature = nn.Parameter(torch.zeros(()))

    @property
    def known(self) -> int:
        """Length of what `encode` gives of a vertebra: features, then its facts."""
        return self.shape.width + self.shape.facts

    def encode(self, voxels: Tensor, facts: Tensor) -> Tensor:
        """What is known of single vertebrae.

        Parameters
        ----------
        voxels : (m, 2, i, j, k) Tensor
            From `osteon.learn.vertebrae.inputs_of`.
        facts : (m, f) Tensor
            Standardised.

        Returns
        -------
        (m, w + f) Tensor
            Features, and the facts as they came.
        """
        maps = self.encoder(voxels)
        vertebra, body = parts_of(voxels, self.encoder.stride)
        place = self.of_place(boxed(self.narrow(maps) * (vertebra > 0)))
        row = pooled(maps, vertebra, body)
        features = self.vertebra(torch.cat([row, place, facts], dim=1))
        return torch.cat([features, facts], dim=1)

    def decode(
        self, known: Tensor, line: Tensor, present: Tensor, device: Tensor, limits: Tensor
    ) -> SpineRead:
        """What patients are read as.

        Parameters
        ----------
        known : (p, s, w + f) Tensor
            From `encode`; anything where no vertebra is present.
        line : (p, s) Tensor
            Density of each vertebra by the line of the facts, standardised.
        present : (p, s) Tensor of bool
        device : (p,) Tensor of int64
            Below 0 where it is not known.
        limits : (p, 2) Tensor
            Densities at which classes begin, standardised.
        """
        patients, slots, _ = known.shape
        width = self.shape.width
        filled = torch.where(present[..., None], known, torch.zeros_like(known))
        mixed = self.experts(
            filled[..., :width].reshape(patients * slots, width), device.repeat_interleave(slots)
        )
        values = mixed.values.reshape(patients, slots, width)
        single = self.of_vertebra(values)
        vertebra = torch.where(present, line + single[..., 0], torch.zeros_like(line))
        score = self.of_attention(values)[..., 0].masked_fill(~present, ABSENT)
        share = torch.softmax(score, dim=1) * present
        patient = (share[..., None] * values).sum(dim=1)
        whole = self.of_patient(patient)
        mean = (share * vertebra).sum(dim=1) + whole[:, 0]
        beside = filled - (filled.sum(dim=1) / present.sum(dim=1, keepdim=True))[:, None]
        return SpineRead(
            mean,
            whole[:, 1].clamp(LEAST, MOST),
            vertebra,
            single[..., 1].clamp(LEAST, MOST),
            share,
            told_apart(self.of_level(torch.cat([filled, beside], dim=2)), present),
            self.of_class(torch.cat([patient, mean[:, None] - limits], dim=1)),
            mixed.weights.reshape(patients, slots, -1),
            patient,
        )

    def log_classes(self, read: SpineRead, limits: Tensor) -> Tensor:
        """Logarithms of the probabilities (p, 3) of normal, osteopenia and osteoporosis."""
        spread = torch.exp(0.5 * read.log_variance + self.log_temperature)
        linked = linked_classes(read.mean, spread, limits)
        if self.shape.classes == "linked":
            return linked
        if self.shape.classes == "softmax":
            return torch.log_softmax(read.classes, dim=1)
        return torch.log_softmax(0.5 * (linked + read.classes), dim=1)

    def forward(
        self,
        voxels: Tensor,
        facts: Tensor,
        line: Tensor,
        present: Tensor,
        device: Tensor,
        limits: Tensor,
    ) -> tuple[SpineRead, Tensor]:
        """Read whole patients: `encode` of all their places, `decode` and `log_classes`.

        Parameters
        ----------
        voxels : (p, s, 2, i, j, k) Tensor
        facts : (p, s, f) Tensor
        line, present, device, limits : Tensor
            As `decode` takes them.
        """
        known = self.encode(voxels.flatten(0, 1), facts.flatten(0, 1))
        read = self.decode(known.reshape(*present.shape, -1), line, present, device, limits)
        return read, self.log_classes(read, limits)


def linked_classes(mean: Tensor, spread: Tensor, limits: Tensor) -> Tensor:
    """Logarithms of the probabilities of classes when the density is normal around its mean.

    Parameters
    ----------
    mean, spread : (p,) Tensor
    limits : (p, 2) Tensor
        Where osteopenia and osteoporosis begin; the first is the higher.

    Returns
    -------
    (p, 3) Tensor
        Normal, osteopenia, osteoporosis. Their order is that of the density by design.
    """
    below = torch.special.ndtr((limits - mean[:, None]) / spread[:, None])
    each = torch.stack([1 - below[:, 0], below[:, 0] - below[:, 1], below[:, 1]], dim=1)
    each = each.clamp(min=1e-5)
    return torch.log(each / each.sum(dim=1, keepdim=True))


def told_apart(logits: Tensor, present: Tensor) -> Tensor:
    """Logarithms of the probabilities of levels, given that no two vertebrae are of one level.

    All ways to give each vertebra a level of its own are weighed by what each vertebra says alone;
    the order in which vertebrae come is not used.

    Parameters
    ----------
    logits : (p, 4, 4) Tensor
        Of each vertebra alone.
    present : (p, 4) Tensor of bool
    """
    ways = torch.tensor(tuple(permutations(range(LEVELS))), device=logits.device)
    alone = torch.log_softmax(logits, dim=2) * present[..., None]
    each = torch.stack([alone[:, n, ways[:, n]] for n in range(LEVELS)], dim=2).sum(dim=2)
    chance = torch.softmax(each, dim=1)
    given = one_hot(ways, LEVELS).to(logits.dtype)
    told = torch.einsum("pw,wsl->psl", chance, given)
    return torch.log(told.clamp(min=1e-6))


def _silent(sees: int, says: int) -> nn.Linear:
    """A layer that says nought until it has learnt."""
    layer = nn.Linear(sees, says)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
