"""Choices of a training of the spine's network."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from ..core import BadSetting, UnknownName
from .fit import FitSettings
from .networks.backbones import BACKBONES, Backbone
from .networks.experts import GATES, Gate
from .networks.spine import CLASS_HEADS, ClassHead
from .networks.vertebra import EncoderSettings
from .objectives.tasks import TASKS, Task, Weighing

Unknown = Literal["learnt", "marginal"]
UNKNOWN_WAYS: tuple[str, ...] = get_args(Unknown)
"""How a device that is not known is taken: as learnt for that, or the mean over all devices."""


@dataclass(frozen=True)
class Augmentation:
    """What is changed at random in each vertebra at each step of the training.

    Attributes
    ----------
    vertebrae : int
        How many of a patient's vertebrae are kept, at most.
    shift : int
        Voxels along each axis, at most; and left and right change sides half of the time.
    noise_hu : float
        Standard deviation of noise, at most.
    gain, offset_hu : float
        Standard deviations of what HU are multiplied by (around 1), and of what is added.
    blur : float
        Share of a 3³ mean that is mixed in, at most; as much is taken off half of the time.
    device : float
        Share of patients whose densitometer is taken for unknown.
    """

    vertebrae: int = 3
    shift: int = 2
    noise_hu: float = 20.0
    gain: float = 0.0
    offset_hu: float = 0.0
    blur: float = 0.0
    device: float = 0.3

    def __post_init__(self) -> None:
        """Refuse what is no change."""
        least = (self.shift, self.noise_hu, self.gain, self.offset_hu, self.blur)
        if self.vertebrae < 1 or min(least) < 0 or not 0 <= self.device <= 1:
            raise BadSetting(
                "one vertebra at least is kept, changes are 0 or more, and the share of unknown "
                f"devices is 0 to 1; got {self}."
            )


@dataclass(frozen=True)
class SpineSettings:
    """Choices of a training.

    Attributes
    ----------
    fit : FitSettings
        The loop; an item is a patient.
    backbone : {"vertebra", "resnet", "swin"}
        Encoder.
    encoder : EncoderSettings
        Its size; that of the pre-trained encoder where one is given.
    frozen : bool
        The encoder stays as it was given.
    width : int
        Length of what is known of a vertebra.
    gate : {"none", "image", "device", "both", "own"}
        What the gate of the experts sees; ``"none"`` is one head, ``"own"`` a head per device.
    experts : int
        How many.
    balance : float
        Weight of the loss that has all experts used.
    unknown : {"learnt", "marginal"}
        How a device that is not known is taken.
    tasks : tuple of str
        Of ``"bmd"``, ``"vertebra"``, ``"diagnosis"`` and ``"level"``; others are left out.
    weights : tuple of float
        Of these four tasks, in this order.
    weighing : {"fixed", "learnt"}
        Whether the weights stay.
    classes : {"linked", "softmax", "both"}
        How classes are told.
    line : bool
        Whether densities start from a ridge line of the facts.
    augment : Augmentation
        Changes at random.
    """

    fit: FitSettings = field(default_factory=lambda: FitSettings(epochs=10, batch=8))
    backbone: Backbone = "vertebra"
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    frozen: bool = False
    width: int = 32
    gate: Gate = "both"
    experts: int = 4
    balance: float = 0.05
    unknown: Unknown = "learnt"
    tasks: tuple[Task, ...] = TASKS
    weights: tuple[float, float, float, float] = (1.0, 1.0, 0.3, 0.3)
    weighing: Weighing = "fixed"
    classes: ClassHead = "linked"
    line: bool = True
    augment: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse names that are not known, and what cannot be trained."""
        _known("an encoder", self.backbone, BACKBONES)
        _known("a gate", self.gate, GATES)
        _known("a class head", self.classes, CLASS_HEADS)
        _known("the way of an unknown device", self.unknown, UNKNOWN_WAYS)
        _known("the way of weights", self.weighing, get_args(Weighing))
        for task in self.tasks:
            _known("a task", task, TASKS)
        if not self.tasks or len(set(self.tasks)) != len(self.tasks):
            raise BadSetting(f"tasks are named once each, one at least; got {self.tasks}.")
        if min(self.width, self.experts) < 1 or self.balance < 0 or min(self.weights) <= 0:
            raise BadSetting(
                "width and experts are 1 or more, the balance 0 or more and weights above 0; got "
                f"{self.width}, {self.experts}, {self.balance:g} and {self.weights}."
            )


def _known(what: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise UnknownName(f"{what} is one of {', '.join(names)}; got '{name}'.")
