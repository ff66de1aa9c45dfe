"""Encoders of a vertebra that stand in for each other."""

from typing import Literal, get_args

from ...core import UnknownName
from .resnet3d import ResNet3d
from .swin3d import Swin3d
from .vertebra import EncoderSettings, VertebraEncoder

Backbone = Literal["vertebra", "resnet", "swin"]
BACKBONES: tuple[str, ...] = get_args(Backbone)


def make_backbone(
    backbone: Backbone, settings: EncoderSettings
) -> VertebraEncoder | ResNet3d | Swin3d:
    """An encoder that has not learnt yet.

    Parameters
    ----------
    backbone : {"vertebra", "resnet", "swin"}
        Which.
    settings : EncoderSettings
        Size; each takes from it what it has.

    Raises
    ------
    UnknownName
        If there is none of that name.
    """
    if backbone not in BACKBONES:
        raise UnknownName(f"an encoder is one of {', '.join(BACKBONES)}; got '{backbone}'.")
    if backbone == "resnet":
        return ResNet3d(settings)
    return Swin3d(settings) if backbone == "swin" else VertebraEncoder(settings)
