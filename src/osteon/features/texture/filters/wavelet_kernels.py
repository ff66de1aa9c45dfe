"""Low- and high-pass kernels of the orthogonal wavelets: Haar, Daubechies, Coiflets."""

from functools import cache

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import NDArray
from scipy.special import comb

from ....core import UnknownName

MOST_DAUBECHIES = 10
"""Vanishing moments up to which the roots are exact to the last digits of a float64."""

COIFLETS: dict[int, tuple[float, ...]] = {
    1: (
        -0.07273261951252645, 0.3378976624574818, 0.8525720202116004, 0.3848648468648578,
        -0.07273261951252645, -0.015655728135791993,
    ),
    2: (
        0.01638733646320364, -0.04146493678687178, -0.0673725547237256, 0.3861100668227629,
        0.8127236354494135, 0.4170051844232391, -0.07648859907828076, -0.05943441864643109,
        0.02368017194684777, 0.005611434819368834, -0.0018232088709110323, -0.000720549445520347,
    ),
    3: (
        -0.003793512864380802, 0.007782596425672746, 0.023452696142077168, -0.06577191128146936,
        -0.06112339000297255, 0.40517690240911824, 0.7937772226260872, 0.42848347637737,
        -0.07179982161915484, -0.08230192710629983, 0.03455502757329774, 0.015880544863669452,
        -0.009007976136730624, -0.0025745176881367972, 0.0011175187708306303,
        0.0004662169598204029, -7.0983302506379e-05, -3.459977319727278e-05,
    ),
}  # fmt: skip
"""Scaling coefficients, sum √2. Daubechies I. Ten lectures on wavelets. SIAM 1992, table 8.1."""

WAVELETS = (
    "haar",
    *(f"db{n}" for n in range(1, MOST_DAUBECHIES + 1)),
    *(f"coif{n}" for n in COIFLETS),
)
"""Wavelets by name; the number is that of vanishing moments (Coiflets: half of them)."""


@cache
def wavelet_kernels(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Low-pass and high-pass kernel of the decomposition.

    Parameters
    ----------
    name : str
        One of `WAVELETS`.

    Returns
    -------
    (low, high) : two tuples of an even number of weights
        Both of unit length, orthogonal to each other and to their own shifts by two.

    Raises
    ------
    UnknownName
        If the wavelet is unknown.

    References
    ----------
    Daubechies I. Orthonormal bases of compactly supported wavelets. Commun Pure Appl Math
    1988;41:909-996. doi:10.1002/cpa.3160410705.
    """
    if name not in WAVELETS:
        raise UnknownName(f"wavelet {name!r} is not known; there are {', '.join(WAVELETS)}.")
    if name.startswith("coif"):
        scaling = COIFLETS[int(name[4:])]
    else:
        scaling = _daubechies(1 if name == "haar" else int(name[2:]))
    high = tuple(weight if n % 2 else -weight for n, weight in enumerate(scaling))
    return scaling[::-1], high


def _daubechies(moments: int) -> tuple[float, ...]:
    """Scaling coefficients of least phase: spectral factor of the half-band polynomial."""
    half_band = [comb(moments - 1 + n, n, exact=True) for n in range(moments)]
    factor: NDArray[np.complex128] = np.ones(1, dtype=np.complex128)
    for root in polynomial.polyroots(half_band) if moments > 1 else []:
        # y = (2 - z - 1/z) / 4: of the two z, the one inside the unit circle
        pair = np.roots([1, 4 * root - 2, 1])
        factor = np.convolve(factor, [1, -pair[np.argmin(np.abs(pair))]])
    for _ in range(moments):
        factor = np.convolve(factor, [1, 1])
    real = factor.real
    return tuple(float(weight) for weight in real * (np.sqrt(2) / real.sum()))
