"""The structure of trabecular bone, in the terms of the ASBMR."""

from .amount import Amount, amount
from .apparent import Apparent, apparent_parameters
from .configurations import Configurations, configurations
from .ellipsoid import EllipsoidFactors, ellipsoid_factor
from .fabric import Fabric, fabric
from .gradient import GradientFabric, gradient_fabric
from .partial_volume import GreyFraction, PureValues, estimate_pure_values, grey_fraction
from .plate_model import PlateModel, plate_model
from .purify import Purified, purify
from .segmentation import (
    Adaptive,
    DualReference,
    Fixed,
    Ipl,
    Isodata,
    Otsu,
    Segmentation,
    Threshold,
    segment,
)
from .skeleton import PlatesAndRods, plates_and_rods
from .smi import StructureModelIndex, structure_model_index
from .srrd import Srrd, srrd_parameters
from .star import Star, star
from .stiffness import Load, Stiffness, Tissue, stiffness
from .subvoxel import SubvoxelTrabecular, subvoxel_thickness, subvoxel_trabecular
from .tbs import TrabecularBoneScore, trabecular_bone_score
from .thickness import Convention, Thickness, local_thickness
from .topology import Topology, topology
from .trabecular import Cortical, Trabecular, cortical, trabecular

__all__ = [
    "Adaptive",
    "Amount",
    "Apparent",
    "Configurations",
    "Convention",
    "Cortical",
    "DualReference",
    "EllipsoidFactors",
    "Fabric",
    "Fixed",
    "GradientFabric",
    "GreyFraction",
    "Ipl",
    "Isodata",
    "Load",
    "Otsu",
    "PlateModel",
    "PlatesAndRods",
    "PureValues",
    "Purified",
    "Segmentation",
    "Srrd",
    "Star",
    "Stiffness",
    "StructureModelIndex",
    "SubvoxelTrabecular",
    "Thickness",
    "Threshold",
    "Tissue",
    "Topology",
    "Trabecular",
    "TrabecularBoneScore",
    "amount",
    "apparent_parameters",
    "configurations",
    "cortical",
    "ellipsoid_factor",
    "estimate_pure_values",
    "fabric",
    "gradient_fabric",
    "grey_fraction",
    "local_thickness",
    "plate_model",
    "plates_and_rods",
    "purify",
    "segment",
    "srrd_parameters",
    "star",
    "stiffness",
    "structure_model_index",
    "subvoxel_thickness",
    "subvoxel_trabecular",
    "topology",
    "trabecular",
    "trabecular_bone_score",
]
