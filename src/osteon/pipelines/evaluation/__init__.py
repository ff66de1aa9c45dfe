"""What is done with a table: agreement, discrimination, models compared, checklists."""

from .agreement import evaluate_agreement
from .agreement_settings import AgreementSettings
from .cases import DiscriminationSettings
from .checklist import evaluate_checklist
from .compare import evaluate_models
from .compare_settings import CompareSettings
from .discrimination import evaluate_discrimination
from .settings import Intervals

__all__ = [
    "AgreementSettings",
    "CompareSettings",
    "DiscriminationSettings",
    "Intervals",
    "evaluate_agreement",
    "evaluate_checklist",
    "evaluate_discrimination",
    "evaluate_models",
]
