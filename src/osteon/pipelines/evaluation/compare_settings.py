"""What predictions of several models hold, and what they are compared with."""

from dataclasses import dataclass, field
from typing import Literal

from ...core import BadSetting, UnknownName
from .settings import Intervals

Kind = Literal["diagnosis", "quantity"]


@dataclass(frozen=True)
class CompareSettings:
    """Which predictions are compared, and with what.

    Attributes
    ----------
    reference : str
        Model that the others are tested against.
    truth : str
        Column of the truth: the disease, or the quantity as measured by the reference standard.
    prediction : str
        Column of the prediction.
    row : str
        Column that names each row; rows of the models are matched by it.
    kind : {"diagnosis", "quantity"}
        What is predicted: a disease (score or probability), or a number with a unit.
    positive : str or None
        Value of `truth` that means disease.
    probabilities : bool
        Predictions are probabilities: the Brier score and calibration slope are told too.
    clip : float
        Probabilities nearer to 0 or 1 than this are moved there before calibration is judged.
    patient : str or None
        Column that says whose row it is, where a patient has several.
    split : str or None
        Column that parts training rows, which are left out, from the others.
    train : str
        Value of `split` of the training rows.
    unit : str
        UCUM unit of a quantity.
    intervals : Intervals
        How intervals are made.
    """

    reference: str
    truth: str
    prediction: str
    row: str
    kind: Kind = "diagnosis"
    positive: str | None = None
    probabilities: bool = False
    clip: float = 0.0
    patient: str | None = None
    split: str | None = None
    train: str = "train"
    unit: str = "1"
    intervals: Intervals = field(default_factory=Intervals)

    def __post_init__(self) -> None:
        """Refuse an unknown kind."""
        if self.kind not in ("diagnosis", "quantity"):
            raise UnknownName(f"--kind is diagnosis or quantity; got '{self.kind}'.")
        if self.kind == "quantity" and (self.positive is not None or self.probabilities):
            raise BadSetting("--positive and --probabilities are for --kind diagnosis.")
        if self.truth == self.prediction:
            raise BadSetting(f"--truth and --prediction both name '{self.truth}'.")
        if self.clip and not self.probabilities:
            raise BadSetting("--clip is for --probabilities.")
