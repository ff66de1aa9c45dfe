"""How well one column agrees with the reference: figures, tables, plots."""

from typing import Any

from ...core import UnusableTable
from ...evaluate import Comparison, Estimate, checked
from ...evaluate.agreement import (
    BlandAltman,
    Line,
    bland_altman,
    bland_altman_repeated,
    clustered_agreement,
    concordance,
    deming,
    mixed_icc,
    passing_bablok,
)
from .agreement_settings import AgreementSettings
from .parts import comparisons_table, estimates_table, file_key, triple

OVER_ROWS = ("ICC(2,1)", "ICC(3,1)", "CCC", "Pearson r")
"""Figures of all rows, with intervals over patients; limits come from the model of repeats."""


class Pair:
    """Agreement of one column with the reference."""

    def __init__(
        self,
        settings: AgreementSettings,
        name: str,
        reference: checked.Numbers,
        other: checked.Numbers,
        patients: checked.Codes | None,
    ) -> None:
        self.names = (settings.columns[0], name)
        self.key = file_key(f"{settings.columns.index(name)}-{name}")
        self.settings = settings
        level, unit = settings.intervals.level, settings.unit
        if patients is None:
            self.limits = bland_altman(other, reference, unit=unit, level=level)
            agreed = {"CCC": concordance(other, reference, level=level)}
        elif settings.repeated:
            self.limits = bland_altman_repeated(other, reference, patients, unit=unit, level=level)
            agreed = mixed_icc(reference, other, patients, unit=unit, level=level)
        else:
            self.limits = bland_altman_repeated(other, reference, patients, unit=unit, level=level)
            found = clustered_agreement(
                other,
                reference,
                patients,
                resamples=settings.intervals.resamples,
                level=level,
                rng=settings.intervals.generator(),
            )
            parts = mixed_icc(reference, other, patients, unit=unit, level=level)
            agreed = {name: found[name] for name in OVER_ROWS}
            agreed |= {f"{name}, mixed model": value for name, value in parts.items()}
        self.agreed = agreed
        self.lines, self.undrawn = (
            ((), "") if patients is not None else _lines(reference, other, unit, level)
        )

    @property
    def seen(self) -> list[Estimate | Comparison]:
        """Everything that was worked out, for its method and source."""
        lines: list[Estimate] = []
        for _, line in self.lines:
            lines += [line.slope, line.intercept]
        limits = [self.limits.bias, self.limits.lower]
        return [*self.agreed.values(), *limits, *self._proportional(), *lines]

    @property
    def head(self) -> list[tuple[str, Estimate]]:
        """Figures for the head of the report."""
        reference, name = self.names
        what, first = next(iter(self.agreed.items()))
        return [(f"{what}, {name}", first), (f"bias, {name} − {reference}", self.limits.bias)]

    @property
    def tables(self) -> list[dict[str, Any]]:
        """Tables of this pair."""
        reference, name = self.names
        rows = [*self.agreed.items()]
        rows += [
            (f"bias, {name} − {reference}", self.limits.bias),
            ("lower limit of agreement", self.limits.lower),
            ("upper limit of agreement", self.limits.upper),
        ]
        title = f"{name} against {reference}"
        for what, line in self.lines:
            rows += [(f"{what}, slope", line.slope), (f"{what}, intercept", line.intercept)]
        found = [estimates_table(f"agreement-{self.key}", title, rows, self.undrawn)]
        if proportional := self._proportional():
            title = f"{name} against {reference}: does the difference change with the size?"
            found.append(comparisons_table(f"proportional-{self.key}", title, proportional))
        return found

    @property
    def figures(self) -> list[dict[str, Any]]:
        """Bland–Altman plot, and one against the other."""
        reference, name = self.names
        return [
            self._bland_altman(self.limits),
            {
                "key": f"scatter-{self.key}",
                "kind": "scatter",
                "title": f"{name} against {reference}",
                "caption": "One mark a row; the dotted line is equality.",
                "data": {
                    "x": (self.limits.means - 0.5 * self.limits.differences).tolist(),
                    "y": (self.limits.means + 0.5 * self.limits.differences).tolist(),
                    "x_name": reference,
                    "y_name": name,
                    "unit": self.settings.unit,
                    "lines": [
                        {"name": what, "slope": line.slope.value, "intercept": line.intercept.value}
                        for what, line in self.lines
                    ],
                    "identity": True,
                },
            },
        ]

    def _proportional(self) -> list[Comparison]:
        return [self.limits.proportional] if self.limits.proportional is not None else []

    def _bland_altman(self, limits: BlandAltman) -> dict[str, Any]:
        reference, name = self.names
        percent = f"{100 * self.settings.intervals.level:g} %"
        return {
            "key": f"bland-altman-{self.key}",
            "kind": "bland-altman",
            "title": f"Difference of {name} and {reference} against their mean",
            "caption": f"Lines: bias and limits of agreement; bands: their {percent} intervals.",
            "data": {
                "means": limits.means.tolist(),
                "differences": limits.differences.tolist(),
                "bias": triple(limits.bias),
                "lower": triple(limits.lower),
                "upper": triple(limits.upper),
                "unit": self.settings.unit,
                "x": name,
                "y": reference,
                "groups": None,
                "line": None,
            },
        }


def _lines(
    reference: checked.Numbers, other: checked.Numbers, unit: str, level: float
) -> tuple[tuple[tuple[str, Line], ...], str]:
    """Lines through the pairs that allow for error in both, and why one could not be drawn."""
    found: list[tuple[str, Line]] = []
    undrawn: list[str] = []
    for what, line in (("Deming", deming), ("Passing–Bablok", passing_bablok)):
        try:
            found.append((what, line(reference, other, unit=unit, level=level)))
        except UnusableTable as fault:
            undrawn.append(f"No line of {what}: {fault}")
    return tuple(found), " ".join(undrawn)
