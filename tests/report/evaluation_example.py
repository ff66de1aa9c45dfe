"""Made-up evaluations, with the parts that the pipelines hand in, plain and at their worst."""

import numpy as np

NASTY = r"50% <b>A&B</b> under_score $x^2$ C:\temp {~} #1 | -- *[!]*"
LONG = "Texture and trabecular structure with age and sex, fold 3 of 5"


def curve(rng, many, apart):
    """Scores of two normal classes as ROC curve and area."""
    labels = rng.random(many) < 0.4
    scores = rng.standard_normal(many) + apart * labels
    called = labels[np.argsort(-scores)]
    hits = np.append(0, np.cumsum(called)) / max(labels.sum(), 1)
    false = np.append(0, np.cumsum(~called)) / max((~labels).sum(), 1)
    return false, hits, float(np.trapezoid(hits, false)), called


def roc_figure(names, many=200, seed=3):
    rng = np.random.default_rng(seed)
    curves = []
    for place, name in enumerate(names):
        false, hits, area, _ = curve(rng, many, 0.6 + 1.6 * place / max(len(names) - 1, 1))
        at = many // 3
        point = {
            "name": "Youden index of the training data",
            "false_positive": float(false[at]),
            "true_positive": float(hits[at]),
        }
        curves.append(
            {
                "name": name,
                "false_positive": false.tolist(),
                "true_positive": hits.tolist(),
                "auc": [area, area - 0.06, min(area + 0.05, 1.0)],
                "points": [point] if place == 0 else [],
            }
        )
    return figure("roc", "ROC curves", {"curves": curves})


def recall_figure(names, many=200):
    rng = np.random.default_rng(5)
    curves = []
    for place, name in enumerate(names):
        *_, called = curve(rng, many, 0.7 + place)
        hits = np.cumsum(called)
        precision = hits / np.arange(1, many + 1)
        curves.append(
            {
                "name": name,
                "recall": [0.0, *(hits / hits[-1]).tolist()],
                "precision": [1.0, *precision.tolist()],
                "ap": [0.7, 0.6, 0.8],
            }
        )
    return figure("precision-recall", "Precision and recall", {"curves": curves, "prevalence": 0.4})


def bland_altman_figure(many=80, groups=None, line=None, **more):
    rng = np.random.default_rng(1)
    means = rng.normal(142, 31, many)
    differences = rng.normal(-3.2, 6.4, many)
    data = {
        "means": means.tolist(),
        "differences": differences.tolist(),
        "bias": [-3.2, -4.6, -1.8],
        "lower": [-15.7, -18.3, -13.6],
        "upper": [9.3, 7.2, 11.9],
        "unit": "mg/cm3",
        "x": "Synthetic CT",
        "y": "True CT",
        "groups": None
        if groups is None
        else [f"Site {'ABCDEFGH'[n % groups]}" for n in range(many)],
        "line": line,
    }
    return figure("bland-altman", "Agreement of synthetic and true CT", data | more)


def scatter_figure(many=80):
    rng = np.random.default_rng(2)
    x = rng.normal(142, 31, many)
    data = {
        "x": x.tolist(),
        "y": (0.95 * x + rng.normal(4, 7, many)).tolist(),
        "x_name": "True CT",
        "y_name": "Synthetic CT",
        "unit": "mg/cm3",
        "lines": [
            {"name": "Deming regression", "slope": 0.96, "intercept": 2.8},
            {"name": "Passing–Bablok regression", "slope": 0.99, "intercept": -0.9},
        ],
        "identity": True,
    }
    return figure("scatter", "Synthetic over true CT", data)


def calibration_figure(names):
    rng = np.random.default_rng(4)
    curves = []
    for place, name in enumerate(names):
        at = np.linspace(0.06, 0.92, 9)
        observed = np.clip(at + (0.08 - 0.05 * place) * np.sin(6 * at), 0, 1)
        bins = [
            {
                "predicted": float(p),
                "observed": float(o),
                "low": max(float(o) - 0.13, 0.0),
                "high": min(float(o) + 0.13, 1.0),
                "count": int(n),
            }
            for p, o, n in zip(at, observed, rng.integers(4, 40, 9), strict=True)
        ]
        x = np.linspace(0.03, 0.97, 60)
        smooth = {"x": x.tolist(), "y": (x + (0.08 - 0.05 * place) * np.sin(6 * x)).tolist()}
        curves.append(
            {
                "name": name,
                "bins": bins,
                "smooth": smooth,
                "slope": [0.93, 0.71, 1.15],
                "intercept": [-0.12, -0.45, 0.21],
            }
        )
    return figure("calibration", "Calibration", {"curves": curves})


def decision_figure(names):
    t = np.linspace(0.01, 0.8, 80)
    curves = [
        {"name": name, "net_benefit": (0.4 * np.exp(-((1.1 + 0.5 * n) * t)) - 0.14 * t).tolist()}
        for n, name in enumerate(names)
    ]
    everyone = (0.4 - 0.6 * t / (1 - t)).tolist()
    return figure(
        "decision", "Net benefit", {"thresholds": t.tolist(), "curves": curves, "all": everyone}
    )


def forest_figure(names, gaps=(), groups=("Internal", "External")):
    rows = []
    for place, name in enumerate(names):
        value = 0.71 + 0.2 * ((place * 7) % 11) / 11
        missing = place in gaps
        rows.append(
            {
                "name": name,
                "group": groups[2 * place // len(names)] if groups else "",
                "value": value,
                "low": None if missing else value - 0.07,
                "high": None if missing else min(value + 0.06, 1.0),
                "reference": place == 0,
                "p": None if place == 0 else [0.0004, 0.032, 0.0481, 0.61][place % 4],
            }
        )
    return figure("forest", "AUC of every model", {"rows": rows, "axis": "AUC", "null": 0.5})


def confusion_figure(names):
    rng = np.random.default_rng(6)
    many = len(names)
    counts = rng.integers(0, 9, (many, many)) + np.diag(rng.integers(20, 60, many))
    data = {
        "classes": list(names),
        "counts": counts.tolist(),
        "truth": "Radiologist",
        "called": "Model",
    }
    return figure("confusion", "Calls of the model", data)


def figure(kind, title, data):
    caption = "Shaded bands and strokes are 95% confidence intervals."
    return {"key": kind, "kind": kind, "title": title, "caption": caption, "data": data}


def table(names):
    columns = [
        {"key": "model", "title": "Model", "kind": "text"},
        {"key": "n", "title": "Patients", "kind": "count"},
        {"key": "auc", "title": "AUC", "kind": "estimate", "unit": "1"},
        {"key": "bias", "title": "Bias", "kind": "estimate", "unit": "mg/cm3"},
        {"key": "rmse", "title": "RMSE", "kind": "number", "unit": "mg/cm3"},
        {"key": "p", "title": "p", "kind": "p"},
    ]
    rows = [
        {
            "model": name,
            "n": 80 + 12_000 * n,
            "auc": {"value": 0.81234 + n / 100, "low": 0.7512, "high": 0.8876},
            "bias": {"value": -3.21, "low": -5.12, "high": 1.3 - n},
            "rmse": 12.3456,
            "p": None if n == 0 else 0.00004,
        }
        for n, name in enumerate(names)
    ]
    note = "Reference is the first model; p values are corrected after Holm."
    return {"key": "models", "title": "Models", "columns": columns, "rows": rows, "note": note}


def checklist():
    parts = ["Title", "Methods", "Results"]
    states = ["filled", "author", "author", "not applicable"]
    return [
        {
            "number": str(n + 1),
            "section": parts[n // 5],
            "asks": "Say how the data were divided, at which level and whether a patient may be in "
            "more than one part.",
            "state": states[n % 4],
            "answer": "Five folds by patient, seed 7." if states[n % 4] == "filled" else "",
        }
        for n in range(15)
    ]


FINDINGS = [
    {
        "name": "AUC, Structure",
        "value": 0.912,
        "low": 0.853,
        "high": 0.957,
        "level": 0.95,
        "unit": "1",
        "note": "DeLong, 80 patients",
    },
    {
        "name": "Bias",
        "value": -3.2,
        "low": -4.6,
        "high": -1.8,
        "level": 0.95,
        "unit": "mg/cm3",
        "note": "",
    },
    {
        "name": "ICC(2,1)",
        "value": 0.87,
        "low": 0.8,
        "high": 0.92,
        "level": 0.95,
        "unit": "1",
        "note": "Two-way random, absolute agreement, single rater",
    },
    {
        "name": "Patients",
        "value": 80,
        "low": None,
        "high": None,
        "level": None,
        "unit": "",
        "note": "",
    },
]

REFERENCES = [
    {
        "text": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or "
        "more correlated receiver operating characteristic curves. Biometrics 1988;44:837.",
        "doi": "10.2307/2531595",
    },
    {
        "text": "Holm S. A simple sequentially rejective multiple test procedure. Scand J "
        "Stat 1979;6:65.",
        "doi": "",
    },
]


def evaluation(kind="compare", names=("Structure", "Texture", "Age and sex"), **more):
    """A whole evaluation of models of these names."""
    made = {
        "schema": "osteon-evaluation-1",
        "kind": kind,
        "title": "Opportunistic screening from routine CT",
        "summary": "Of three models, that from trabecular structure tells patients with a fracture "
        "apart best; the difference from the second is within chance.",
        "warning": "These patients are simulated; no number here says anything about a person.",
        "findings": FINDINGS,
        "tables": [table(names)],
        "figures": [
            roc_figure(names),
            recall_figure(names),
            calibration_figure(names),
            decision_figure(names),
            bland_altman_figure(),
            scatter_figure(),
            confusion_figure(["Normal", "Osteopenia", "Osteoporosis"]),
            forest_figure(names, groups=()),
        ],
        "checklist": checklist(),
        "methods": [
            "The area under the ROC curve was compared by the method of DeLong et al. (1).",
            "P values were corrected for several comparisons after Holm (2).",
        ],
        "references": REFERENCES,
        "settings": {"level": 0.95, "seed": 7, "resamples": 2000},
        "manifest": {
            "osteon": "0.5.0",
            "command": "osteon evaluate compare predictions --reference structure --seed 7 --out r",
            "seed": 7,
            "input": {"predictions/structure.csv": "sha256:2b7c"},
        },
        "files": [{"path": "evaluation.json", "what": "Everything on this page as plain data"}],
    }
    return made | more
