"""What is to be said where only stable features are kept."""

from collections.abc import Iterator

from ...core import HU, Flag
from ...features.texture import STUDIED
from .choices import TextureChoices


def stable_flags(choices: TextureChoices, unit: str) -> Iterator[Flag]:
    """What stands between the study of stability and this image.

    Parameters
    ----------
    choices : TextureChoices
        With `stable`.
    unit : str
        UCUM unit of the image.
    """
    yield Flag(
        "stable-in-study",
        f"Only features whose ICC stayed at {choices.stable:g} or above when voxel size, slice "
        "thickness, noise and bin width changed were kept; that was measured on simulated CT of "
        "cubes of L1 of few donors.",
    )
    processing = choices.processing
    if unit != HU:
        yield Flag("stable-other-unit", "The study was of CT in HU; this image is in another unit.")
    if processing.discretisation != STUDIED.discretisation:
        yield Flag(
            "stable-other-levels",
            "The study had levels of 25 HU; these settings have others (--preset bone-ct has its).",
        )
    own = processing.interpolation
    if own is not None and own != STUDIED.interpolation:
        yield Flag("stable-other-voxels", "The study brought images to voxels of 1 mm.")
