"""Where the definitions of texture are written down, entered in the list of methods."""

from ...core import Method
from ..feature import METHODS
from .fractal import BOX_METHOD, RELIEF_METHOD
from .lacunarity import LACUNARITY_METHOD
from .minkowski.anisotropic import ANISOTROPIC_METHOD
from .minkowski.isotropic import MINKOWSKI_METHOD
from .minkowski.tensors import TENSOR_METHOD
from .variogram import VARIOGRAM_METHOD

IBSI_1 = (
    "doi:10.1148/radiol.2020191145",
    "Zwanenburg A, Vallières M, Abdalah MA, et al. The Image Biomarker Standardization Initiative: "
    "standardized quantitative radiomics for high-throughput image-based phenotyping. Radiology "
    "2020;295:328–338.",
)

IBSI_2 = (
    "doi:10.1148/radiol.231319",
    "Whybra P, Zwanenburg A, Andrearczyk V, et al. The Image Biomarker Standardization Initiative: "
    "standardized convolutional filters for reproducible radiomics and enhanced clinical insights. "
    "Radiology 2024;310:e231319.",
)

DOES = {
    "morphology": "Shape of the region: volume and surface of its mesh, axes, enclosing solids.",
    "autocorrelation": "Whether grey values of voxels that lie close together are alike, over all "
    "pairs of voxels (Moran's I, Geary's C).",
    "local_intensity": "Largest mean grey value in a sphere of 1 cm³.",
    "statistics": "Statistics of the grey values, without levels.",
    "histogram": "Statistics of the grey levels.",
    "intensity_volume": "Volume at and above a share of the grey values, and the other way round.",
    "glcm": "How often two grey levels lie side by side (co-occurrence matrix, distance 1).",
    "glrlm": "How long the runs of one grey level are (run length matrix).",
    "glszm": "How large the connected zones of one grey level are (size zone matrix).",
    "gldzm": "How far zones of one grey level lie from the border (distance zone matrix).",
    "ngtdm": "How far each level is from the mean of its neighbours (grey tone difference matrix).",
    "ngldm": "How many neighbours have the same level (neighbouring level dependence matrix).",
}
"""What each family of IBSI 1 looks at."""

FILTER_METHOD = Method(
    "ibsi-filter",
    "The image is filtered before it is measured; the settings say by which filter.",
    *IBSI_2,
)

TEXTURE_METHODS: dict[str, Method] = {
    f"ibsi-{family.replace('_', '-')}": Method(
        f"ibsi-{family.replace('_', '-')}", f"{does} Definitions of the IBSI.", *IBSI_1
    )
    for family, does in DOES.items()
}
"""Methods of IBSI 1 by key, ``ibsi-`` and the family."""

METHODS.update(TEXTURE_METHODS)
for _method in (
    FILTER_METHOD,
    MINKOWSKI_METHOD,
    ANISOTROPIC_METHOD,
    TENSOR_METHOD,
    BOX_METHOD,
    RELIEF_METHOD,
    LACUNARITY_METHOD,
    VARIOGRAM_METHOD,
):
    METHODS[_method.key] = _method
