"""How two volumes line up: rigid transforms as values, found, judged, and measured in mm."""

from .errors import RegistrationError, registration_error
from .per_bone import BonesRegistered, BonesSettings, merged, register_bones
from .quality import Quality
from .rigid import Registered, RigidSettings, Step, register_rigid
from .transforms import Rigid, resample_by

__all__ = [
    "BonesRegistered",
    "BonesSettings",
    "Quality",
    "Registered",
    "RegistrationError",
    "Rigid",
    "RigidSettings",
    "Step",
    "merged",
    "register_bones",
    "register_rigid",
    "registration_error",
    "resample_by",
]
