"""What the study of stiffness says, as the table and words of its page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "concepts" / "spine-stiffness.md"
BEGIN, END = (
    "<!-- made by tools/spine_stiffness.py: begin -->\n",
    "<!-- made by tools/spine_stiffness.py: end -->\n",
)

SIGNIFICANT = 0.05

Group = Mapping[str, Any]


def write_page(results: Mapping[str, Any], ours: str) -> None:
    """Put tables and words between the marks of the page."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN, 1)
    _, after = rest.split(END, 1)
    PAGE.write_text(f"{before}{BEGIN}\n{made(results, ours)}\n{END}{after}", encoding="utf-8")


def made(results: Mapping[str, Any], ours: str) -> str:
    """Words on the first question and a table of every group of rows."""
    questions: Mapping[str, Mapping[str, Group]] = results["questions"]
    first = next(iter(next(iter(questions.values())).values()))
    seeds = ", ".join(f"{name} {many}" for name, many in results["seeds"].items())
    parts = [results["note"]] if results["note"] else []
    parts += [verdict(first, ours), f"Seeds: {seeds}."]
    for question, groups in questions.items():
        for group, found in groups.items():
            title = f"{question}, {group}"
            parts.append(f"### {title[0].upper()}{title[1:]}\n\n{table(found, ours)}")
    return "\n\n".join(parts) + "\n"


def verdict(found: Group, ours: str) -> str:
    """Which methods the encoder errs less than, in words."""
    words: dict[str, list[str]] = {"less": [], "open": [], "more": []}
    for name, test in found[f"RMSE of {ours} less that of"].items():
        sure = test["p, Holm"] < SIGNIFICANT
        kind = "open" if not sure else "less" if test["value"] < 0 else "more"
        words[kind].append(name)
    said = [
        (words["less"], "errs less than"),
        (words["open"], "cannot be told apart in its error from"),
        (words["more"], "errs more than"),
    ]
    own = found["figures"][ours]
    lines = [f"The frozen `{ours}` encoder reaches r = {figure(own['Pearson r'], 2)}."]
    lines += [f"It {verb} {listed(names)}." for names, verb in said if names]
    return " ".join(lines) + " (RMSE, p below 0.05 after Holm, vertebrae as units.)"


def listed(names: list[str]) -> str:
    """Names as a sentence has them."""
    return names[0] if len(names) == 1 else f"{'; '.join(names[:-1])}; and {names[-1]}"


def table(found: Group, ours: str) -> str:
    """Figures of every method with the tests of ours beside them."""
    lines = [
        f"| method | r | R² | RMSE | RMSE of {ours} less this | p, Holm |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    against = found[f"RMSE of {ours} less that of"]
    for name, own in found["figures"].items():
        cells = [figure(own["Pearson r"], 2), figure(own["R2"], 2), figure(own["RMSE"], 1)]
        test = against.get(name)
        cells += ["–", "–"] if test is None else [figure(test, 2), f"{test['p, Holm']:.3f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"{found['rows']} rows: a cube as one scan shows it."])


def figure(told: Mapping[str, Any], digits: int) -> str:
    """A value with its interval."""
    value = f"{told['value']:.{digits}f}"
    ends = " to ".join(f"{end:.{digits}f}" for end in told["95 %"])
    return f"{value} ({ends})" if ends else value
