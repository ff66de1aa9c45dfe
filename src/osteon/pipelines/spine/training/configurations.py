"""The trainings of a study by name: the whole system, each part left out, other networks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ....core import UnknownName
from ....learn.spine_settings import SpineSettings

FULL = "full"
"""The whole system, against which all others are held."""

UNKNOWN_DEVICE = "full-device-unknown"
"""What the whole system says when it is told no device; not a training of its own."""

OWN = "tp-swav"
"""Kind of pre-training of the whole system."""

Change = Callable[[SpineSettings], SpineSettings]


@dataclass(frozen=True)
class Configuration:
    """One training of a study.

    Attributes
    ----------
    name : str
        Of its predictions.
    change : function
        From the settings of the whole system to its own.
    pretraining : str
        Kind of pre-training; ``""`` for first weights drawn at random.
    share : float
        Share of the training patients that have a label, above 0 to 1.
    """

    name: str
    change: Change
    pretraining: str = OWN
    share: float = 1.0


def _same(settings: SpineSettings) -> SpineSettings:
    return settings


def _without(*tasks: str) -> Change:
    return lambda settings: replace(
        settings, tasks=tuple(task for task in settings.tasks if task not in tasks)
    )


def _gate(gate: str) -> Change:
    return lambda settings: replace(settings, gate=gate)  # type: ignore[arg-type]


def _backbone(name: str) -> Change:
    return lambda settings: replace(settings, backbone=name)  # type: ignore[arg-type]


def _all() -> tuple[Configuration, ...]:
    """Every training, the whole system first."""
    curve = [
        Configuration(f"{name}-{share}", _same, kind, share / 100)
        for share in (10, 25, 50)
        for name, kind in ((FULL, OWN), ("scratch", ""))
    ]
    return (
        Configuration(FULL, _same),
        Configuration("scratch", _same, ""),
        Configuration("radiomic", _same, "radiomic"),
        Configuration("swav", _same, "swav"),
        Configuration("mae", _same, "mae"),
        Configuration("no-experts", _gate("none")),
        Configuration("gate-image", _gate("image")),
        Configuration("gate-device", _gate("device")),
        Configuration("per-device", _gate("own")),
        Configuration("no-diagnosis", _without("diagnosis")),
        Configuration("no-bmd", _without("bmd", "vertebra")),
        Configuration("no-level", _without("level")),
        Configuration("learnt-weights", lambda one: replace(one, weighing="learnt")),
        Configuration("free-classes", lambda one: replace(one, classes="softmax")),
        Configuration("no-line", lambda one: replace(one, line=False)),
        Configuration("resnet", _backbone("resnet"), ""),
        Configuration("swin", _backbone("swin"), ""),
        *curve,
    )


CONFIGURATIONS: Mapping[str, Configuration] = {one.name: one for one in _all()}
"""By name."""


def configuration(name: str) -> Configuration:
    """A training by name.

    Raises
    ------
    UnknownName
        If there is none.
    """
    if name not in CONFIGURATIONS:
        raise UnknownName(f"no training is called '{name}'; there are {', '.join(CONFIGURATIONS)}.")
    return CONFIGURATIONS[name]
