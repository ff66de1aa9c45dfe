"""From CT numbers to mg/cm³: what every calibration can do, and what stands for a missing one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import HU, MG_CM3, BadSetting, Flag, Method, Volume

Equivalent = Literal["HA", "K2HPO4"]
"""Mineral that a density is expressed in; numbers of the two differ by 15 to 20 %."""

CONTRAST_BIAS = 6.0
"""Smallest mean bias of density by contrast agent, in mg/cm³.

The bias exceeded 6 mg/cm³ in arterial and portal-venous scans of 46 patients, with every
calibration tried (Kaesmacher 2017, doi:10.1097/RCT.0000000000000518, abstract).
"""


@final
@dataclass(frozen=True, eq=False)
class Calibration:
    """A polynomial from CT numbers to density, with its uncertainty.

    Attributes
    ----------
    method : Method
        How it was obtained.
    equivalent : {"HA", "K2HPO4"}
        Mineral in which the density is expressed.
    fitted : mapping of str to float
        What was fitted or chosen; each key ends with its unit.
    coefficients : tuple of float
        Of the polynomial in HU, highest power first; two for a line. Density is in mg/cm³.
    covariance : (n, n) array or None
        Covariance of the coefficients; None where the data do not tell.
    scatter : float
        Standard uncertainty that does not depend on the density, in mg/cm³.
    relative : float
        Standard uncertainty in proportion to the density, as a fraction.
    flags : tuple of Flag
        What a reader must know before using the densities.
    """

    method: Method
    equivalent: Equivalent
    fitted: Mapping[str, float]
    coefficients: tuple[float, ...]
    covariance: NDArray[np.float64] | None = field(repr=False)
    scatter: float = 0.0
    relative: float = 0.0
    flags: tuple[Flag, ...] = ()

    def density(self, hu: ArrayLike) -> NDArray[np.float64]:
        """Densities of CT numbers, same shape, in mg/cm³.

        Negative where a voxel attenuates less than the calibration's zero, as fat does; such
        values are right and are not cut off.
        """
        return np.polyval(np.array(self.coefficients), np.asarray(hu, np.float64))

    def standard_uncertainty(self, hu: float) -> float | None:
        """Standard uncertainty (1 SD) of the density of a region with this mean HU, in mg/cm³.

        None where the data of the calibration do not tell. It holds what each builder says;
        never the placing of the region, beam hardening, marrow fat, nor noise and kernel.

        Raises
        ------
        BadSetting
            If `hu` is not a finite number.
        """
        if not np.isfinite(hu):
            raise BadSetting(f"the mean HU of a region must be a finite number; got {hu}.")
        if self.covariance is None:
            return None
        powers = np.vander([float(hu)], len(self.coefficients))[0]
        fit = max(float(powers @ self.covariance @ powers), 0.0)
        share = self.relative * float(self.density(hu))
        return float(np.sqrt(fit + self.scatter**2 + share**2))

    def apply(self, volume: Volume) -> Volume:
        """Density map of a CT.

        Parameters
        ----------
        volume : Volume
            CT in HU.

        Returns
        -------
        Volume
            Same grid, float32, in mg/cm³.

        Raises
        ------
        UnitMismatch
            If the values are not in HU.
        """
        values = volume.in_unit(HU).values.astype(np.float32)
        density = np.full(values.shape, self.coefficients[0], np.float32)
        for coefficient in self.coefficients[1:]:
            density *= values
            density += np.float32(coefficient)
        return Volume(density, volume.grid, MG_CM3)

    def with_contrast(self) -> "Calibration":
        """The same for a scan with contrast agent: flagged, and the published bias added."""
        text = (
            "Contrast agent raises the density of trabecular bone: the published mean bias is more "
            f"than {CONTRAST_BIAS:g} mg/cm³ (doi:10.1097/RCT.0000000000000518). It is not "
            "corrected; the uncertainty is widened by it."
        )
        return replace(
            self,
            scatter=float(np.hypot(self.scatter, CONTRAST_BIAS)),
            flags=(*self.flags, Flag("contrast", text)),
        )


@final
@dataclass(frozen=True)
class Unavailable:
    """A calibration that this scan does not allow.

    Attributes
    ----------
    method : Method
        What was tried.
    reason : str
        Why it cannot be had, one sentence for a report.
    """

    method: Method
    reason: str
