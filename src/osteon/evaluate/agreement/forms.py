"""The ten ICC forms of McGraw and Wong, and which of six formulas each of them is."""

from dataclasses import dataclass

from ...core import UnknownName

KEYS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
"""Formulas, as Shrout and Fleiss name them."""


@dataclass(frozen=True)
class Form:
    """One of the ten forms.

    Attributes
    ----------
    model : str
        ``"one-way random"``, ``"two-way random"`` or ``"two-way mixed"``.
    definition : str
        ``"absolute agreement"`` or ``"consistency"``.
    measure : str
        ``"single"`` rating, or ``"average"`` of all k raters.
    name : str
        McGraw and Wong's name: ``"ICC(A,1)"``.
    key : str
        The formula, one of `KEYS`.
    """

    model: str
    definition: str
    measure: str
    name: str
    key: str


FORMS = (
    Form("one-way random", "absolute agreement", "single", "ICC(1)", "ICC(1,1)"),
    Form("one-way random", "absolute agreement", "average", "ICC(k)", "ICC(1,k)"),
    Form("two-way random", "consistency", "single", "ICC(C,1)", "ICC(3,1)"),
    Form("two-way random", "consistency", "average", "ICC(C,k)", "ICC(3,k)"),
    Form("two-way random", "absolute agreement", "single", "ICC(A,1)", "ICC(2,1)"),
    Form("two-way random", "absolute agreement", "average", "ICC(A,k)", "ICC(2,k)"),
    Form("two-way mixed", "consistency", "single", "ICC(C,1)", "ICC(3,1)"),
    Form("two-way mixed", "consistency", "average", "ICC(C,k)", "ICC(3,k)"),
    Form("two-way mixed", "absolute agreement", "single", "ICC(A,1)", "ICC(2,1)"),
    Form("two-way mixed", "absolute agreement", "average", "ICC(A,k)", "ICC(2,k)"),
)
"""McGraw & Wong 1996, table 4 (doi:10.1037/1082-989X.1.1.30); the formula of a two-way form is the
same for random and for fixed raters, what it says is not: only random raters stand for others."""


def known_key(form: str) -> str:
    """The formula that `form` names, in either naming.

    Parameters
    ----------
    form : str
        One of `KEYS`, or a McGraw–Wong name such as ``"ICC(A,1)"``.

    Raises
    ------
    UnknownName
        If it is neither.
    """
    if form in KEYS:
        return form
    found = {known.name: known.key for known in FORMS}.get(form)
    if found is None:
        names = sorted({known.name for known in FORMS})
        raise UnknownName(
            f"no ICC is called '{form}'; there are {', '.join(KEYS)}, also as {', '.join(names)}."
        )
    return found
