"""Design of a study: splits without leakage, sample size and power, transport to other sites."""

from .auc_power import (
    AucPlan,
    auc_difference_power,
    auc_difference_sample_size,
    auc_power,
    auc_sample_size,
)
from .folds import nested_splits, patient_splits, site_splits
from .icc_power import IccPlan, icc_power, icc_sample_size
from .leakage import check_leakage
from .splits import NestedSplits, Splits
from .transport import Transport, external_drop, transport

__all__ = [
    "AucPlan",
    "IccPlan",
    "NestedSplits",
    "Splits",
    "Transport",
    "auc_difference_power",
    "auc_difference_sample_size",
    "auc_power",
    "auc_sample_size",
    "check_leakage",
    "external_drop",
    "icc_power",
    "icc_sample_size",
    "nested_splits",
    "patient_splits",
    "site_splits",
    "transport",
]
