"""Gabor filters: waves of one length and direction under a Gaussian, in planes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ....core import BadSetting, UnknownName
from ....core.compiled import threads
from .boundary import Boundary, check_boundary, padded
from .checks import check_dimensions, check_positive
from .filter import Dimensions
from .pooling import Pooling, check_pooling, pooled
from .separable import check_reach

Part = Literal["modulus", "phase", "real", "imaginary"]
"""Of the complex response."""

WIDTHS = 7.0
"""Standard deviations after which the Gaussian ends: its value is then 2e-11."""

AT_ONCE = 16
"""Slices in the frequency domain at the same time."""


@dataclass(frozen=True)
class Gabor:
    """Gabor filter (IBSI Q88H).

    Attributes
    ----------
    sigma : float
        Standard deviation of the Gaussian along the wave, in mm.
    wavelength : float
        Of the wave, in mm.
    gamma : float
        Standard deviation along the wave ÷ across it.
    theta : float
        Angle between axis 0 and the way of the wave, towards axis 1, in radians.
    step : float, optional
        Angle in radians between the waves of a full turn, which starts at theta and whose
        responses are pooled; None is the one wave at theta.
    pooling : Pooling
        How the responses of all angles, and of all planes, become one.
    part : Part
        What of the complex response is kept, before pooling.
    dimensions : 2 or 3
        2 filters the slices across axis 2; 3 the slices across each axis in turn, and pools.
    boundary : Boundary
        What lies beyond the edges.

    Raises
    ------
    BadSetting
        If sigma, wavelength or gamma is not above 0, the angles are not finite, the step does not
        divide a full turn, or dimensions is neither 2 nor 3.
    UnknownName
        If the pooling, the part or the boundary is unknown.

    References
    ----------
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """

    sigma: float
    wavelength: float
    gamma: float = 1.0
    theta: float = 0.0
    step: float | None = None
    pooling: Pooling = "mean"
    part: Part = "modulus"
    dimensions: Dimensions = 2
    boundary: Boundary = "mirror"

    def __post_init__(self) -> None:
        check_dimensions(self.dimensions)
        check_boundary(self.boundary)
        check_pooling(self.pooling)
        for name in ("sigma", "wavelength", "gamma"):
            check_positive(name, getattr(self, name))
        if self.part not in get_args(Part):
            known = ", ".join(get_args(Part))
            raise UnknownName(f"part is {self.part!r}; give one of {known}.")
        if not np.isfinite(self.theta):
            raise BadSetting(f"theta is {self.theta}; give an angle in radians.")
        if self.step is not None:
            check_positive("step", self.step)
            if abs(2 * np.pi / self.step - round(2 * np.pi / self.step)) > 1e-6:
                raise BadSetting(f"step is {self.step:g} radians; give a whole part of a turn.")

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Response map, in units of the image (phase: radians)."""
        if self.wavelength < 2 * spacing * (1 - 1e-6):
            raise BadSetting(
                f"wavelength is {self.wavelength:g} mm; voxels of {spacing:g} mm hold waves from "
                f"{2 * spacing:g} mm on."
            )
        across = (2,) if self.dimensions == 2 else (2, 1, 0)
        for axis in across:
            plane = np.moveaxis(values, axis, 0).shape[1:]
            widest = max(self.sigma, self.sigma / self.gamma) / spacing
            check_reach(plane, 2 * int(widest) + 1, 2, "one width of the Gabor filter")
        return pooled((self._across(values, axis, spacing) for axis in across), self.pooling)

    def angles(self) -> list[float]:
        """Directions of the waves that are filtered, in radians.

        Returns
        -------
        list of float
            The full turn; half of it where the modulus of the other half is the same.
        """
        if self.step is None:
            return [self.theta]
        count = round(2 * np.pi / self.step)
        if self.part == "modulus" and count % 2 == 0:
            count //= 2
        return [self.theta + n * self.step for n in range(count)]

    def _across(
        self, values: NDArray[np.float64], axis: int, spacing: float
    ) -> NDArray[np.float64]:
        """Response of the slices across one axis."""
        slices = np.moveaxis(values, axis, 0)
        height, width = slices.shape[1:]
        widest = max(self.sigma, self.sigma / self.gamma) / spacing
        reach = [min(int(np.ceil(WIDTHS * widest)), size // 2) for size in (height, width)]
        sizes = [
            fft.next_fast_len(size + 2 * r) for size, r in zip((height, width), reach, strict=True)
        ]
        gains = [self._gain(angle, reach, sizes, spacing) for angle in self.angles()]
        inside = (
            slice(None),
            slice(reach[0], reach[0] + height),
            slice(reach[1], reach[1] + width),
        )
        out = np.empty(slices.shape)
        for start in range(0, len(slices), AT_ONCE):
            some = padded(slices[start : start + AT_ONCE], (0, *reach), self.boundary)
            spectrum = fft.fft2(some, s=sizes, workers=threads())
            parts = self._parts(spectrum, gains, inside)
            out[start : start + AT_ONCE] = pooled(parts, self.pooling)
        return np.moveaxis(out, 0, axis)

    def _gain(
        self, angle: float, reach: list[int], sizes: list[int], spacing: float
    ) -> NDArray[np.float64]:
        """Spectrum of the kernel: real, for the kernel is its own conjugate mirror image."""
        x, y = (np.arange(-r, r + 1) * spacing for r in reach)
        along = x[:, None] * np.cos(angle) + y * np.sin(angle)
        across = x[:, None] * np.sin(angle) - y * np.cos(angle)
        bell = np.exp(-(along**2 + (self.gamma * across) ** 2) / (2 * self.sigma**2))
        kernel = np.zeros(sizes, dtype=np.complex128)
        kernel[: x.size, : y.size] = bell * np.exp(2j * np.pi * along / self.wavelength)
        gain: NDArray[np.float64] = fft.fft2(np.roll(kernel, (-reach[0], -reach[1]), (0, 1))).real
        return gain

    def _parts(
        self,
        spectrum: NDArray[np.complex128],
        gains: list[NDArray[np.float64]],
        inside: tuple[slice, slice, slice],
    ) -> Iterator[NDArray[np.float64]]:
        """The part asked for of the response to each wave."""
        for gain in gains:
            response = fft.ifft2(spectrum * gain, overwrite_x=True, workers=threads())
            response = response[inside]
            if self.part == "modulus":
                yield np.abs(response)
            elif self.part == "phase":
                yield np.angle(response)
            else:
                yield response.real if self.part == "real" else response.imag
