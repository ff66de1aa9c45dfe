"""How two volumes line up: rigid transforms as values, and their errors in mm."""

from .errors import RegistrationError, registration_error
from .transforms import Rigid, resample_by

__all__ = ["RegistrationError", "Rigid", "registration_error", "resample_by"]
