"""What networks said of patients left out of their training, beside what was read of them."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ....core import UnusableTable

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeftOut:
    """n patients, each said of by a network that had not learned from them.

    Attributes
    ----------
    bmd, bmd_sd : (n,) array
        Density as said and its standard uncertainty, in g/cm², standardised, not calibrated.
    read : (n,) array
        Density as read, standardised; NaN where it was not read.
    classes : (n, 3) array
        Probabilities as said, not calibrated.
    diagnosis : (n,) int array
        Number of the class, or -1 where it is not known.
    vertebra_bmd, vertebra_sd, vertebra_read : (n, s) array
        The same of each vertebra; NaN where none was present or read.
    """

    bmd: Numbers
    bmd_sd: Numbers
    read: Numbers
    classes: Numbers
    diagnosis: NDArray[np.int64]
    vertebra_bmd: Numbers
    vertebra_sd: Numbers
    vertebra_read: Numbers

    def __post_init__(self) -> None:
        """Refuse arrays of different patients, and words that are no numbers."""
        many = {one.name: len(getattr(self, one.name)) for one in fields(self)}
        if len(set(many.values())) != 1 or not len(self.bmd):
            raise UnusableTable(f"what was said and what was read are of other patients: {many}.")
        said = (self.bmd, self.bmd_sd, self.classes)
        if not all(np.isfinite(one).all() for one in said) or not (self.bmd_sd > 0).all():
            raise UnusableTable("a network said no density, uncertainty or class of a patient.")

    def __len__(self) -> int:
        """Patients."""
        return len(self.bmd)
