"""Filters that are known in the frequency domain, at each of the four boundaries."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ....core.compiled import threads
from .boundary import Boundary, padded

Radial = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Real gain at an angular frequency in radians a voxel."""


def through_spectrum(
    values: NDArray[np.float64],
    radial: Radial | None,
    order: Sequence[int],
    boundary: Boundary,
    *,
    closed: bool = False,
) -> NDArray[np.float64]:
    """An image after an isotropic gain and a Riesz transform.

    Mirrored images are even, so that they need cosine and sine transforms of their own size;
    images with zeros or their edge values around them are first continued by half their size.

    Parameters
    ----------
    values : (i, j, k) array
        The image.
    radial : function of angular frequency, optional
        Gain; None is 1.
    order : sequence of int
        Order of the Riesz transform along each filtered axis, all zero for none. Two numbers
        filter slices across axis 2, three the volume.
    boundary : Boundary
        What lies beyond the edges.
    closed : bool, optional
        Whether the bins of an axis are spread evenly from -π to π with both ends, as in the
        reference response maps, in place of steps of 2π ÷ size; not where images are mirrored.

    Returns
    -------
    (i, j, k) array
        The response map.
    """
    if boundary == "mirror":
        return _mirrored(values, radial, order)
    if boundary == "periodic":
        return _periodic(values, radial, order, closed=closed)
    widths = half_sizes(values.shape, len(order))
    image = padded(values, widths, boundary)
    return inner(_periodic(image, radial, order, closed=closed), widths)


def half_sizes(shape: Sequence[int], dimensions: int) -> list[int]:
    """Voxels to continue an image by where its filter reaches everywhere.

    Parameters
    ----------
    shape : (3,) ints
        Voxels of the image.
    dimensions : int
        Filtered axes.

    Returns
    -------
    list of int
        Voxels before and after, an axis.
    """
    return [(size + 1) // 2 if axis < dimensions else 0 for axis, size in enumerate(shape)]


def inner(values: NDArray[np.float64], widths: Sequence[int]) -> NDArray[np.float64]:
    """An image without what it was continued by.

    Parameters
    ----------
    values : (i, j, k) array
        Continued image.
    widths : sequence of int
        Voxels before and after, an axis.

    Returns
    -------
    array
        Its middle.
    """
    size = zip(values.shape, widths, strict=True)
    return values[tuple(slice(width, n - width) for n, width in size)].copy()


def _gain(
    frequencies: list[NDArray[np.float64]], radial: Radial | None, order: Sequence[int]
) -> NDArray[np.float64]:
    """Real factor of each frequency: radial gain × √(L!/Π l!) Π (ωₐ/|ω|)^lₐ."""
    norm = np.sqrt(sum((f**2 for f in frequencies), start=np.float64(0.0)))
    gain = np.ones_like(norm) if radial is None else radial(norm)
    total = sum(order)
    if total:
        gain *= math.sqrt(math.factorial(total) / math.prod(map(math.factorial, order)))
        gain /= np.where(norm == 0, 1.0, norm) ** total
        for frequency, power in zip(frequencies, order, strict=True):
            if power:
                gain *= frequency**power
    return gain


def _open(axes: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Frequencies of each axis, shaped to multiply; a third axis of slices where there are two."""
    shaped = []
    for n, axis in enumerate(axes):
        shape = [1, 1, 1]
        shape[n] = axis.size
        shaped.append(axis.reshape(shape))
    return shaped


def _periodic(
    values: NDArray[np.float64], radial: Radial | None, order: Sequence[int], *, closed: bool
) -> NDArray[np.float64]:
    """The response of an image that repeats itself."""
    axes = list(range(len(order)))
    sizes = [values.shape[axis] for axis in axes]
    pairs = [_frequencies(size, closed=closed) for size in sizes]
    last = sizes[-1] // 2 + 1
    pairs[-1] = (pairs[-1][0][:last], pairs[-1][1][:last])
    ahead, back = (_open([pair[side] for pair in pairs]) for side in (0, 1))
    gain = _gain(ahead, radial, order)
    if not all(np.array_equal(there, -here) for here, there in zip(ahead, back, strict=True)):
        # the response is real: opposite frequencies have conjugate gains
        gain += (-1) ** sum(order) * _gain(back, radial, order)
        gain *= 0.5
    for axis, power in enumerate(order):
        # the highest frequency of an even size stands for both signs, an odd power cancels
        if power % 2 and sizes[axis] % 2 == 0 and not closed:
            gain[(slice(None),) * axis + (sizes[axis] // 2,)] = 0.0
    spectrum = fft.rfftn(values, axes=axes, workers=threads())
    spectrum *= gain
    if factor := sum(order) % 4:
        spectrum *= (-1j) ** factor
    response: NDArray[np.float64] = fft.irfftn(
        spectrum, s=sizes, axes=axes, overwrite_x=True, workers=threads()
    )
    return response


def _frequencies(size: int, *, closed: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angular frequency of each bin of an axis, and of the bin opposite to it."""
    own = 2 * np.pi * fft.fftfreq(size)
    if closed and size > 1:
        own = fft.ifftshift(np.linspace(-np.pi, np.pi, size))
    return own, own[-np.arange(size) % size]


def _mirrored(
    values: NDArray[np.float64], radial: Radial | None, order: Sequence[int]
) -> NDArray[np.float64]:
    """The response of an image that is mirrored at each edge for ever."""
    sizes = values.shape[: len(order)]
    frequencies = _open([np.pi * np.arange(size) / size for size in sizes])
    gain = _gain(frequencies, radial, order)
    # (-i)^l turns a cosine into (-1)^(l//2) cosine, or sine where l is odd
    if sum(power // 2 for power in order) % 2:
        gain *= -1.0
    response: NDArray[np.float64] = fft.dctn(
        values, type=2, axes=range(len(order)), workers=threads()
    )
    response *= gain
    for axis, power in enumerate(order):
        back = fft.idct
        if power % 2:
            # the sine basis begins one frequency later than the cosine basis
            response = np.roll(response, -1, axis=axis)
            response[(slice(None),) * axis + (-1,)] = 0.0
            back = fft.idst
        response = back(response, type=2, axis=axis, overwrite_x=True, workers=threads())
    return response
