"""Agreement: whether two methods, readers or scans measure the same."""

from .clustered import clustered_agreement
from .compare import compare_icc
from .concordance import concordance
from .forms import FORMS, Form, known_key
from .icc import icc, icc_many
from .kappa import weighted_kappa
from .limits import BlandAltman, RegressionLimits, bland_altman, regression_limits
from .lines import Line, deming, passing_bablok
from .mixed import mixed_icc
from .repeatability import Precision, precision
from .repeated import bland_altman_repeated

__all__ = [
    "FORMS",
    "BlandAltman",
    "Form",
    "Line",
    "Precision",
    "RegressionLimits",
    "bland_altman",
    "bland_altman_repeated",
    "clustered_agreement",
    "compare_icc",
    "concordance",
    "deming",
    "icc",
    "icc_many",
    "known_key",
    "mixed_icc",
    "passing_bablok",
    "precision",
    "regression_limits",
    "weighted_kappa",
]
