"""What a study of knees found, as rows that the results page prints."""

from collections.abc import Mapping
from typing import Any

from ..evaluate.discrimination import roc_curve

KINDS = {
    "teacher": "Teacher on MR (ceiling of transfer)",
    "none": "Student, not distilled",
    "features": "Student, features distilled",
    "output": "Student, output distilled",
    "variational": "Student, variational distillation",
    "radiomics": "Radiomics and boosting",
    "threshold": "CT thresholded",
    "mean-hu": "Mean HU",
}
"""What each model is called on the page."""

MOST_CURVES = 5
"""Curves of a classifier that are drawn together."""


def as_rows(results: Mapping[str, Any]) -> dict[str, Any]:
    """The same results, with the models of each section as rows.

    Parameters
    ----------
    results : mapping
        As of ``osteon knee evaluate``, where a section has ``models``; one that has rows already
        is left as it is.
    """
    made = {"regression": _regression, "generalisation": _generalisation, "diagnosis": _diagnosis}
    found = dict(results)
    for key, change in made.items():
        given = results.get(key)
        if isinstance(given, Mapping) and "models" in given:
            found[key] = {**given, **change(given)}
    return found


def _named(model: str) -> str:
    """A model's name in words; ``"none, bag"`` keeps what stands after the comma."""
    kind, comma, rest = model.partition(",")
    return KINDS.get(kind, kind[:1].upper() + kind[1:]) + comma + rest


def _estimate(given: Any) -> dict[str, Any] | None:
    """Value and interval of a figure that is a mapping or a number."""
    if isinstance(given, Mapping):
        return {key: given.get(key) for key in ("value", "low", "high")}
    return None if given is None else {"value": given}


def _agreement(of: Any) -> dict[str, Any] | None:
    """ICC(2,1) over patches."""
    return _estimate(of.get("patches", {}).get("ICC(2,1)")) if isinstance(of, Mapping) else None


def _regression(given: Mapping[str, Any]) -> dict[str, Any]:
    """Agreement of each model, what distillation adds, and the learning curve."""
    rows = [
        {"name": _named(model), "parameter": parameter, "icc": _agreement(of)}
        for model, by in given["models"].items()
        for parameter, of in by.items()
    ]
    added = [
        {
            "name": _named(one["a"]),
            "parameter": one["parameter"],
            "difference": _difference(one),
            "p": one.get("p"),
        }
        for one in given.get("comparisons") or ()
        if one.get("b") == "none"
    ]
    curve = []
    for point in given.get("learning_curve") or ():
        name = _named(str(point["kind"]))
        for parameter, value in (point.get("icc") or {}).items():
            row = {"name": name, "parameter": parameter, "patients": point["patients"]}
            curve.append({**row, "icc": _estimate(value)})
        for parameter, one in (point.get("difference") or {}).items():
            row = {"name": name, "parameter": parameter, "learned_from": point["patients"]}
            added.append({**row, "difference": _difference(one), "p": one.get("p")})
    text = [_said(given), *_texts(given)]
    return {"rows": rows, "difference": added, "curve": curve, "text": list(filter(None, text))}


def _difference(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": one.get("difference"), "low": one.get("low"), "high": one.get("high")}


def _texts(given: Mapping[str, Any]) -> list[str]:
    text = given.get("text") or ()
    return [text] if isinstance(text, str) else list(text)


def _said(given: Mapping[str, Any]) -> str:
    """Of how many patients, patches and seeds."""
    counts = [
        f"{given[key]} {words}"
        for key, words in (
            ("patients", "patients"),
            ("diseased", "with osteoarthritis"),
            ("patches", "patches"),
            ("seeds", "seeds"),
        )
        if given.get(key) is not None
    ]
    return f"{', '.join(counts)}; each patient left out of what is told of it." if counts else ""


def _generalisation(given: Mapping[str, Any]) -> dict[str, Any]:
    """Agreement on a scanner never seen, and what it lost."""
    loss = given.get("loss") or {}
    rows = []
    for model, by in given["models"].items():
        for parameter, of in by.items():
            outside, lost = _agreement(of), loss.get(model, {}).get(parameter)
            inside = None
            if lost is not None and outside and outside["value"] is not None:
                inside = {"value": outside["value"] - lost}
            row = {"name": _named(model), "parameter": parameter, "inside": inside}
            rows.append({**row, "outside": outside, "loss": _estimate(lost)})
    text = f"{given['patients']} patients of other hospitals." if given.get("patients") else ""
    return {"rows": rows, "text": list(filter(None, [text, *_texts(given)]))}


def _diagnosis(given: Mapping[str, Any]) -> dict[str, Any]:
    """Area under the curve of each classifier, with its test against the undistilled one."""
    tests = {one["a"]: one for one in given.get("comparisons") or ()}
    rows = []
    for model, of in given["models"].items():
        test = tests.get(model, {})
        rows.append(
            {
                "name": _named(model),
                "auc": _estimate(of.get("auc")),
                "of_ceiling": _estimate(of.get("of_ceiling")),
                "difference": _estimate(test.get("difference")),
                "p": test.get("p"),
            }
        )
    text = [_said(given), *_texts(given)]
    made: dict[str, Any] = {"rows": rows, "text": list(filter(None, text))}
    if "curves" not in given and given.get("labels"):
        made["curves"] = _curves(given)
    return made


def _curves(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """ROC curves of the best classifiers by each kind of input, and of the ceiling."""
    areas = {
        model: float(of["auc"]["value"])
        for model, of in given["models"].items()
        if model in (given.get("probabilities") or {})
    }
    best: dict[str, str] = {}
    for model in sorted(areas, key=lambda one: -areas[one]):
        best.setdefault(model.partition(",")[0], model)
    wanted = [best[kind] for kind in ("features", "none") if kind in best]
    wanted += [model for model in best.values() if model not in wanted]
    ceiling = str(given.get("ceiling"))
    if ceiling in areas:
        wanted = [ceiling, *(model for model in wanted if model != ceiling)]
    curves = []
    for model in wanted[:MOST_CURVES]:
        curve = roc_curve(given["labels"], given["probabilities"][model])
        auc = given["models"][model]["auc"]
        curves.append(
            {
                "name": _named(model),
                "false_positive": curve.false_positive.tolist(),
                "true_positive": curve.true_positive.tolist(),
                "auc": [auc.get(key) for key in ("value", "low", "high")],
            }
        )
    return curves
