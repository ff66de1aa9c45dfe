"""What a reviewer needs to repeat a run: versions, settings, inputs, machine."""

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .. import __version__

PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "scikit-image",
    "connected-components-3d",
    "fill-voids",
    "pydicom",
    "python-gdcm",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
    "pyjpegls",
    "nibabel",
    "SimpleITK",
    "matplotlib",
    "jinja2",
    "torch",
    "scikit-learn",
    "onnxruntime",
)
"""Packages that can change a number or a picture."""


def manifest(
    settings: Mapping[str, Any], inputs: Mapping[str, str], seconds: float
) -> dict[str, Any]:
    """Manifest of a run.

    Parameters
    ----------
    settings : mapping of str to object
        Every choice that changes a number.
    inputs : mapping of str to str
        SHA-256 of each input by its role; no file names, which may name a patient.
    seconds : float
        How long the run took.

    Returns
    -------
    dict
        Ready for JSON.
    """
    return {
        "osteon": __version__,
        "python": sys.version.split()[0],
        "platform": f"{platform.system()} {platform.machine()}",
        "device": "cpu",
        "packages": {name: _version(name) for name in PACKAGES},
        "settings": dict(settings),
        "seed": None,
        "input_sha256": dict(inputs),
        "seconds": round(seconds, 2),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
