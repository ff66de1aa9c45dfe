"""How close two images, masks or sets of landmarks are."""

from .fidelity import fidelity
from .landmarks import target_registration_error
from .overlap import dice, jaccard
from .surfaces import Distances, SurfaceDistances, surface_dice, surface_distances

__all__ = [
    "Distances",
    "SurfaceDistances",
    "dice",
    "fidelity",
    "jaccard",
    "surface_dice",
    "surface_distances",
    "target_registration_error",
]
