"""Discrimination: how well scores tell the diseased from the healthy."""

from .at_operating_point import at_operating_point
from .bootstrap_area import bootstrap_auc
from .clustered import clustered_auc, compare_clustered_auc
from .curves import PrecisionRecallCurve, RocCurve, precision_recall_curve, roc_curve
from .delong import auc, compare_auc, compare_auc_unpaired, delong
from .mcnemar import mcnemar
from .multiclass import hand_till, one_vs_rest
from .operating_point import OperatingPoint, choose_threshold
from .partial import partial_auc
from .permutation import holm, permutation_test
from .precision_recall import average_precision

__all__ = [
    "OperatingPoint",
    "PrecisionRecallCurve",
    "RocCurve",
    "at_operating_point",
    "auc",
    "average_precision",
    "bootstrap_auc",
    "choose_threshold",
    "clustered_auc",
    "compare_auc",
    "compare_auc_unpaired",
    "compare_clustered_auc",
    "delong",
    "hand_till",
    "holm",
    "mcnemar",
    "one_vs_rest",
    "partial_auc",
    "permutation_test",
    "precision_recall_curve",
    "roc_curve",
]
