"""The structure of trabecular bone, in the terms of the ASBMR."""

from .amounts.amount import Amount, amount
from .amounts.configurations import Configurations, configurations
from .amounts.topology import Topology, topology
from .between_voxels.subvoxel import SubvoxelTrabecular, subvoxel_thickness, subvoxel_trabecular
from .coarse.apparent import Apparent, apparent_parameters
from .coarse.partial_volume import GreyFraction, PureValues, estimate_pure_values, grey_fraction
from .coarse.plate_model import PlateModel, plate_model
from .coarse.srrd import Srrd, srrd_parameters
from .coarse.tbs import TrabecularBoneScore, trabecular_bone_score
from .orientation.fabric import Fabric, fabric
from .orientation.gradient import GradientFabric, gradient_fabric
from .orientation.star import Star, star
from .phases.purify import Purified, purify
from .phases.segmentation import (
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
from .shape.ellipsoid import EllipsoidFactors, ellipsoid_factor
from .shape.skeleton import PlatesAndRods, plates_and_rods
from .shape.smi import StructureModelIndex, structure_model_index
from .strength.stiffness import Load, Stiffness, Tissue, stiffness
from .thickness.distance import distance_map
from .thickness.thickness import Convention, Thickness, local_thickness
from .thickness.trabecular import Cortical, Trabecular, cortical, trabecular

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
    "distance_map",
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
