"""What methods, places and families of the spine's results are called on the page."""

from collections.abc import Mapping, Sequence
from typing import Any

REFERENCE = "full"
"""The whole system."""

METHODS = {
    "ceiling": "Ceiling: true density",
    "full": "Whole system",
    "l1-hu": "HU of L1",
    "hu-kvp": "HU at 120 kVp and a line",
    "internal-calibration": "Internal calibration and a line",
    "radiomics": "Stable radiomics and boosting",
    "facts-line": "Measured facts and a line",
    "scratch": "Same network, not pre-trained",
    "per-device": "One head a device",
    "resnet": "3D ResNet, not pre-trained",
    "swin": "Small 3D Swin, not pre-trained",
    "tp-swav": "Pre-trained so that texture is kept",
    "radiomic": "Pre-trained on radiomics",
    "swav": "Pre-trained by plain SwAV",
    "mae": "Pre-trained by masked autoencoding",
    "gate-image": "Experts, gate sees the image only",
    "gate-device": "Experts, gate sees the device only",
    "no-experts": "One head, no experts",
    "full-device-unknown": "Whole system, device not told",
    "no-diagnosis": "Without the head for diagnosis",
    "no-bmd": "Without the head for density",
    "no-level": "Without the head for level",
    "fixed-weights": "Fixed weights of tasks",
    "learnt-weights": "Learnt weights of tasks",
    "linked": "Class linked to density",
    "free-classes": "Class not linked to density",
    "no-line": "Network without the line of facts",
}
"""Methods; a number after the name is the share of labels in percent."""

FAMILIES = {
    "baselines": "Against what a user would take instead",
    "self-supervision": "Kinds of self-supervision",
    "experts": "Experts and their gate",
    "heads": "Tasks and heads",
    "labels": "With and without pre-training, by labels",
    "others": "Others",
}


def method(name: Any) -> str:
    """A method in words."""
    text = str(name)
    if text in METHODS:
        return METHODS[text]
    kind, dash, percent = text.rpartition("-")
    if dash and kind in METHODS and percent.isdigit():
        return f"{METHODS[kind]}, {percent} % of the labels"
    return text


def in_order(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows of whole trainings, their methods in words, in the order of `METHODS`."""
    order = {words: n for n, words in enumerate(METHODS.values())}
    kept = [row for row in rows if "of the labels" not in str(row.get("name"))]
    return sorted(kept, key=lambda row: order.get(str(row.get("name")), len(order)))


def place(name: Any) -> str:
    """A place in words: ``"External site"``."""
    text = str(name)
    return "External site" if text == "external" else text[:1].upper() + text[1:]
