"""The results page of the spine: whatever was run is shown, what was not is said."""

import re

import pytest

from osteon.core import BadSetting
from osteon.report import write_spine_results
from osteon.report.spine_results_words import method


def estimate(value, half=0.04):
    return {"value": value, "low": value - half, "high": value + half}


def row(name, where, auc, **more):
    return {
        "name": name,
        "where": where,
        "patients": 50,
        "cases": 11,
        "auc": estimate(auc),
        "r": estimate(auc - 0.02),
        "mae": estimate(0.03, 0.01),
        **more,
    }


def against(other, where, difference, **more):
    return {
        "family": "baselines",
        "a": "full",
        "b": other,
        "where": where,
        "patients": 50,
        "auc": estimate(difference),
        "auc_p": 0.004,
        "auc_holm": 0.012,
        **more,
    }


RESULTS = {
    "schema": "osteon-osteoporosis-1",
    "osteon": "0.1.0",
    "ledger": {"times": 1, "text": "The external site was opened once, 2030-01-02T03:04:05+00:00."},
    "verdicts": {
        "rows": [
            {
                "what": "AUC above that of l1-hu",
                "where": "external",
                "wanted": "above 0",
                "got": estimate(0.2),
                "met": True,
            }
        ]
    },
    "figures": {
        "text": ["Thresholds are fixed on validation folds."],
        "rows": [
            row("scratch", "external", 0.91),
            row("full-25", "external", 0.77),
            row("full", "external", 0.95, of_ceiling={"auc": 0.97}),
            row("ceiling", "external", 0.98),
            row("full", "inside", 0.96),
            row("full", "site A", 0.941, note="AUC: odd"),
            row("full", "site B", 0.961),
        ],
    },
    "seeds": {"rows": [{"seed": 2, **row("full", "external", 0.93)}]},
    "comparisons": {
        "rows": [
            against("l1-hu", "inside", 0.1),
            against("l1-hu", "external", 0.2),
            against("l1-hu", "site A", 0.3),
            against("facts-line", "external", -0.01, auc_holm=0.9),
        ]
    },
    "learning": {
        "rows": [
            {"percent": percent, "learned_from": percent * 0.9} | row(name, "external", auc)
            for name, percent, auc in (("full", 25, 0.8), ("full", 100, 0.95))
        ]
    },
    "devices": {
        "rows": [
            {"name": "full", "where": w, "device": d, "patients": 25, "bias": estimate(b, 0.01)}
            for w, d, b in (("inside", "lunar", 0.004), ("external", "norland", -0.013))
        ]
    },
    "experts": {
        "rows": [
            {"name": "full", "where": "inside", "device": "lunar", "weights": [0.7, 0.3]},
            {"name": "swin", "where": "inside", "device": "lunar", "weights": [0.6, 0.4]},
        ]
    },
    "runs": {
        "rows": [{"name": "full", "seeds": [0, 1], "trained_on": 90.0, "parameters": 12345}],
        "text": ["Not judged: swin-0: not finished"],
    },
    "cost": {"rows": [{"name": "judge", "minutes": 2.5}], "pool_seconds_per_vertebra": 0.31},
}


def plain(path):
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_spine_results(RESULTS, tmp_path_factory.mktemp("page"))


def test_with_nothing_run_every_section_says_so(tmp_path):
    text = plain(write_spine_results({"schema": "osteon-osteoporosis-1"}, tmp_path))
    assert text.count("Not run.") == 12
    assert "All patients are virtual" in text


def test_results_of_another_version_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="this page reads 'osteon-osteoporosis-1'"):
        write_spine_results({"schema": "osteon-srrd-1"}, tmp_path)


def test_how_often_the_external_site_was_opened_stands_above_its_figures(page):
    text = plain(page)
    opened = text.index("The external site was opened once, 2030-01-02")
    assert opened < text.index("Osteoporosis, at a site never seen")


def test_methods_stand_in_words_the_ceiling_first_and_parts_of_the_labels_apart(page):
    text = plain(page)
    table = text[text.index("at a site never seen") : text.index("Standardised density, at a")]
    assert table.index("Ceiling: true density") < table.index("Whole system")
    assert table.index("Whole system") < table.index("Same network, not pre-trained")
    assert "25 %" not in table
    assert "Whole system 50 11 0.950 (0.910–0.990)" in table
    assert method("full-25") == "Whole system, 25 % of the labels"
    assert method("gate-of-its-own") == "gate-of-its-own"


def test_differences_stand_with_their_corrected_p_values(page):
    text = plain(page)
    assert "HU of L1 External site 0.200 (0.160–0.240) 0.004 0.01" in text
    assert "Against what a user would take instead, by site" in text
    assert "AUC above that of HU of L1 External site above 0 0.200 (0.160–0.240) yes" in text


def test_bias_experts_and_cost_are_shown(page):
    text = plain(page)
    assert "Whole system External site norland 25 −0.013 (−0.023 to −0.003)" in text
    assert "Whole system Inside lunar 0.700 0.300" in text
    # experts are those of the system and its gates
    assert "Small 3D Swin, not pre-trained Inside" not in text
    assert "Not judged: swin-0: not finished" in text
    assert "Texture pool: 0.310 s a vertebra." in text
    assert "Whole system 0, 1 90.0 12,345" in text


def test_differences_learning_and_devices_are_drawn(page):
    html = page.read_text(encoding="utf-8")
    for key in ("forest-external", "forest-inside", "learning-external-auc", "device-bias"):
        assert f'id="figure-{key}"' in html
    assert "<script" not in html
