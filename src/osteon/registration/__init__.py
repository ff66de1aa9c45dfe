"""How two volumes line up: rigid transforms as values, found, judged, and measured in mm."""

from .deformable import DeformableSettings, register_deformable
from .displaced import Deformed, warp
from .errors import RegistrationError, registration_error
from .per_bone import BonesRegistered, BonesSettings, merged, register_bones
from .quality import Quality
from .rigid import Registered, RigidSettings, Step, register_rigid
from .transforms import Rigid, resample_by

__all__ = [
    "BonesRegistered",
    "BonesSettings",
    "DeformableSettings",
    "Deformed",
    "Quality",
    "Registered",
    "RegistrationError",
    "Rigid",
    "RigidSettings",
    "Step",
    "merged",
    "register_bones",
    "register_deformable",
    "register_rigid",
    "registration_error",
    "resample_by",
    "warp",
]
