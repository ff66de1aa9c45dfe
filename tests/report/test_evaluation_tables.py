"""Numbers are printed as journals print them, and tables survive every format."""

import csv
import io
import math
import re

import pytest

from osteon.report import csv_text, latex, markdown
from osteon.report.printed import count, estimate, number, p_value

from .evaluation_example import LONG, NASTY, table


@pytest.mark.parametrize(
    ("p", "printed"),
    [
        (0.0, "<0.001"),
        (0.00099, "<0.001"),
        (0.001, "0.001"),
        (0.0034, "0.003"),
        (0.01, "0.01"),
        (0.0321, "0.03"),
        (0.0481, "0.048"),  # 0.05 would hide on which side it lies
        (0.0512, "0.051"),
        (0.61, "0.61"),
        (0.995, ">0.99"),
        (1.0, ">0.99"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_p_values_are_printed_as_the_ama_style_asks(p, printed):
    assert p_value(p) == printed


@pytest.mark.parametrize(
    ("value", "low", "high", "printed"),
    [
        (0.8231, 0.7512, 0.8876, "0.82 (0.75–0.89)"),
        (0.9981, 0.9962, 0.9996, "0.998 (0.996–1.000)"),  # two decimals would hide the width
        (-3.21, -5.12, -1.3, "−3.21 (−5.12 to −1.30)"),
        (14.26, 12.1, 16.9, "14.3 (12.1–16.9)"),
        (142.2, 131.0, 153.9, "142 (131–154)"),
        (0.0012, 0.0008, 0.0016, "0.0012 (0.0008–0.0016)"),
        (1.0, 1.0, 1.0, "1.00 (1.00–1.00)"),
        (0.5, None, None, "0.50"),
        (0.5, 0.4, None, "0.50 (from 0.40)"),
        (0.5, None, 0.6, "0.50 (to 0.60)"),
        (0.5, math.nan, math.inf, "0.50"),
        (None, 0.1, 0.2, "–"),
        (-1e-9, -0.1, 0.1, "0.00 (−0.10 to 0.10)"),
        (0.0, 0.0, 0.0, "0.00 (0.00–0.00)"),
        (2.5e8, 1e8, 4e8, "2.50 × 10⁸ (1.00 × 10⁸ to 4.00 × 10⁸)"),
    ],
)
def test_an_estimate_stands_with_its_interval_in_brackets(value, low, high, printed):
    assert estimate(value, low, high) == printed


def test_decimals_that_are_asked_for_are_given():
    assert estimate(0.8231, 0.7512, 0.8876, 3) == "0.823 (0.751–0.888)"
    assert number(12.3456, 2) == "12.35"


@pytest.mark.parametrize(
    ("value", "printed"),
    [(12.3456, "12.3"), (0.012345, "0.0123"), (999.6, "1000"), (0.99996, "1.00"), (0.0, "0"),
     (7, "7"), (-0.5, "−0.500"), (1.2e-7, "1.20 × 10⁻⁷"), (None, "–"), (True, "–")],
)  # fmt: skip
def test_other_numbers_have_three_significant_digits(value, printed):
    assert number(value) == printed


@pytest.mark.parametrize(("many", "printed"), [(80, "80"), (9999, "9999"), (100_000, "100,000")])
def test_counts_have_commas_from_ten_thousand(many, printed):
    assert count(many) == printed


def test_csv_gives_every_digit_back():
    made = table([NASTY, LONG, 'quote " and, comma', "=1+1"])
    made["rows"][0]["rmse"] = math.nan
    rows = list(csv.DictReader(io.StringIO(csv_text(made))))
    assert [row["model"] for row in rows] == [row["model"] for row in made["rows"]]
    assert [float(row["auc_low"]) for row in rows] == [0.7512] * 4
    assert float(rows[1]["auc"]) == made["rows"][1]["auc"]["value"]
    assert rows[0]["rmse"] == rows[0]["p"] == ""


def columns_of(line):
    """Cells of a line of Markdown, read as CommonMark reads it."""
    cells = re.split(r"(?<!\\)\|", line)[1:-1]
    return [re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell.strip()) for cell in cells]


def test_markdown_keeps_names_as_they_are():
    text = markdown(table([NASTY, LONG]))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 4
    assert columns_of(lines[1]) == [":---", *["---:"] * 5]
    assert [columns_of(line)[0] for line in lines[2:]] == [NASTY, LONG]
    assert columns_of(lines[3])[1:4] == ["12,080", "0.82 (0.75–0.89)", "−3.21 (−5.12 to 0.30)"]
    # every sign that could begin markup has a backslash before it
    assert not re.search(r"(?<!\\)[<>*_`$&~^]", lines[2])


PRINTED = {
    r"\textbackslash{}": "\\", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~",
    r"\textless{}": "<", r"\textgreater{}": ">", r"\textbar{}": "|", "{[}": "[", "{]}": "]",
    "{*}": "*", "-{}": "-", r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\%": "%",
    r"\#": "#", r"\_": "_", "$-$": "−", "--": "–",
}  # fmt: skip
"""What LaTeX prints for each command, from its reference."""


def typeset(text):
    """What LaTeX prints; fails at a sign that it would take for a command."""
    pattern = "|".join(map(re.escape, sorted(PRINTED, key=len, reverse=True)))
    left = re.sub(pattern, "", text)
    assert not re.search(r"[\\{}$&%#_^~<>|\[\]*]", left), left
    return re.sub(pattern, lambda found: PRINTED[found.group()], text)


def test_latex_prints_names_as_they_are():
    made = table([NASTY, "[12] first", "* second", "--- third"])
    lines = latex(made).splitlines()
    body = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    assert len(body) == 4
    rows = [re.split(r"(?<!\\)&", line.removesuffix(r" \\")) for line in body]
    assert all(
        len(row) == 6 and line.endswith(r" \\") for row, line in zip(rows, body, strict=True)
    )
    printed = [[typeset(cell.strip()) for cell in row] for row in rows]
    assert [row[0] for row in printed] == [NASTY, "[12] first", "* second", "--- third"]
    assert printed[0][2:5] == ["0.81 (0.75–0.89)", "−3.21 (−5.12 to 1.30)", "12.3"]


def test_latex_has_rules_of_booktabs_a_label_and_units():
    text = latex(table(["One"]) | {"key": "models_2 of %"})
    order = [r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    assert sorted(order, key=text.index) == order
    assert r"\label{tab:models-2-of-}" in text
    assert "{Bias (mg/cm$^{3}$)}" in text
    assert r"\begin{tabular}{lrrrrr}" in text


def test_what_is_missing_is_blank_in_words_and_a_dash_in_numbers():
    columns = [{"key": kind, "title": kind, "kind": kind}
               for kind in ("text", "count", "number", "estimate", "p")]  # fmt: skip
    made = {"key": "t", "columns": columns, "rows": [dict.fromkeys("abc"), {}]}
    assert columns_of(markdown(made).splitlines()[2]) == ["", "–", "–", "–", "–"]
    assert csv_text(made).splitlines()[1] == ",,,,,,"


def test_a_table_without_rows_is_still_a_table():
    made = table([])
    assert csv_text(made).count("\n") == 1
    assert markdown(made).count("\n|") == 2
    assert latex(made).count(r"\\") == 1
