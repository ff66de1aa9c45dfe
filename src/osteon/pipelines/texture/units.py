"""The unit of what is measured, where a filter comes before."""

from ...features.texture import Filter, Gabor, LaplacianOfGaussian, Riesz


def response_unit(kind: Filter | None, image: str) -> str:
    """UCUM unit of a filter's response.

    Parameters
    ----------
    kind : Filter or None
        The filter; None is the image itself.
    image : str
        UCUM unit of the image.

    Returns
    -------
    str
        That of the image for most filters; ``rad`` for the phase of a Gabor filter; ``1`` after a
        Laplacian of Gaussian, whose scale depends on the size of a voxel.
    """
    if isinstance(kind, Riesz):
        return response_unit(kind.base, image)
    if isinstance(kind, LaplacianOfGaussian):
        return "1"
    if isinstance(kind, Gabor) and kind.part == "phase":
        return "rad"
    return image
