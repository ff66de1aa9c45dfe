"""The table of docs/concepts/realism.md, and why a real number lies outside the simulated range."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NUMBERS = ROOT / "docs" / "data" / "realism.json"
PAGE = ROOT / "docs" / "concepts" / "realism.md"

BEGIN, END = (
    "<!-- made by tools/realism.py: begin -->\n",
    "<!-- made by tools/realism.py: end -->\n",
)

TITLES = {
    "spine ct": "Vertebrae, chest CT: 0.7 × 0.7 × 2.5 mm, contrast",
    "spine ct, sharp": "Vertebra, sharp noisy CT resampled to 1.5 mm",
    "spine ct, thoracic": "Vertebra, CT angiography resampled to 1.5 mm",
    "knee ct": "Knees, CT of a PET/CT: 0.98 × 0.98 × 3.27 mm",
    "knee t1": "Knees, axial T1-weighted MR, relative to fat",
    "knee dess": "Knee, sagittal DESS, relative to muscle",
}
"""Comparisons, in order."""

GAPS: Sequence[tuple[str, str, str]] = (
    ("knee t1", "marrow", "the real marrow that the rule finds is mostly that of shafts, without "
     "trabeculae, and as bright as fat; the simulated knee ends 72 mm from the joint, where a "
     "tenth to a fifth of the marrow's room is bone"),
    ("knee t1", "power", "the real patches lie in fatty shafts, the simulated ones in spongy "
     "bone, whose trabeculae are seen more than real ones"),
    ("knee t1", "noise in marrow", "the simulated patches hold trabeculae, the real ones do not"),
    ("knee t1", "noise", "the real images were resampled upstream, which smooths their noise"),
    ("knee t1", "muscle", "times of relaxation are not varied between patients, and muscles of the "
     "knee hold no fatty streaks"),
    ("knee t1", "fat", "the real images were made even (N4) and scaled upstream"),
    ("knee t1", "skin edge", "voxels as acquired are not known, and the real images were "
     "resampled upstream"),
    ("knee dess", "marrow", "fat suppression is the same everywhere in the simulation; really it "
     "varies with the field"),
    ("knee dess", "power", "noise, and trabeculae that are seen more than real ones, as on CT"),
    ("knee dess", "", "muscles of the knee hold neither vessels nor fatty streaks"),
    ("knee ct", "trabecular core", "the real regions reach into hollow shafts, which the simulated "
     "knee, ending 72 mm from the joint, has hardly"),
    ("knee ct", "rim", "the simulated cortex of the widened ends of the bones is thicker or more "
     "even than the real one"),
    ("knee ct", "power", "real patches lie partly in hollow shafts, with little power, partly "
     "across the edge of condyle and notch, with much at the lowest frequency; and simulated "
     "trabeculae (specimens of lumbar vertebrae at 0.7 of their size) are still seen: on "
     "CT as coarse as this, real ones are not seen"),
    ("knee ct", "muscle", "muscles of the simulated knee hold neither vessels nor fatty streaks; "
     "their mean HU depends on the scanner"),
    ("knee ct", "fat", "simulated fat is pure; real fat varies with its connective tissue, and HU "
     "with the scanner"),
    ("knee ct", "noise", "dose and size of the real patients vary more than assumed"),
    ("knee ct", "skin edge", "kernels of the real scanners are not known"),
    ("spine", "aorta", "the phase and amount of contrast agent of the real image are not known"),
    ("spine ct, sharp", "front wall", "the front wall of the simulated body is denser than this "
     "person's; and cut by cubic splines of 1.5 mm"),
    ("spine", "trabecular core", "one person, less dense than the simulated ones"),
    ("spine", "power", "one person, less dense than nearly all simulated ones: power goes with "
     "density squared; relative to the lowest band, simulated spongy bone is more uneven over "
     "5–15 mm than this one"),
    ("spine", "front wall", "one person; labels by machine, up to a voxel off the wall"),
    ("spine", "muscle", "real muscle is streaked more, and the contrast agent in it is not known"),
    ("spine", "fat", "the scanner's kVp and scale are not known; simulated fat is pure"),
    ("spine", "noise", "streaks between arms or shoulders are not simulated"),
    ("spine", "skin edge", "real skin lies oblique to thick slices and folds; simulated skin does "
     "not"),
)  # fmt: skip
"""Comparison, beginning of the statistic, reason; the first that fits."""


def gap_of(key: str, statistic: str) -> str:
    """Why a real number lies outside the simulated range."""
    return next(
        why for begin, name, why in GAPS if key.startswith(begin) and statistic.startswith(name)
    )


def table(comparisons: Mapping[str, list[dict[str, Any]]]) -> str:
    """Counts, then a table a comparison."""
    parts = [_counts(comparisons)]
    for key, rows in comparisons.items():
        lines = [
            f"| {row['statistic']} | {row['low']:g} – {row['high']:g} ({row['median']:g}) | "
            f"{_real(row)} |"
            for row in rows
        ]
        head = (
            "| statistic | simulated: range (median) | real; **outside** |\n| --- | --- | --- |\n"
        )
        parts.append(f"### {TITLES[key]}\n\n{head}" + "\n".join(lines) + "\n\n" + _gaps(rows))
    return "\n".join(part for part in parts if part)


def _real(row: Mapping[str, Any]) -> str:
    cells = (
        f"{value:g}" if row["inside"][image] else f"**{value:g}**"
        for image, value in row["real"].items()
    )
    return ", ".join(cells)


def _counts(comparisons: Mapping[str, list[dict[str, Any]]]) -> str:
    lines = []
    for key, rows in comparisons.items():
        inside = [one for row in rows for one in row["inside"].values()]
        lines.append(f"| {TITLES[key]} | {sum(inside)} | {len(inside) - sum(inside)} |\n")
    return "| comparison | inside | outside |\n| --- | --- | --- |\n" + "".join(lines)


def _gaps(rows: Iterable[Mapping[str, Any]]) -> str:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if "gap" in row:
            reasons.setdefault(row["gap"], []).append(row["statistic"])
    lines = [f"- {', '.join(names)}: {why}.\n" for why, names in reasons.items()]
    return "Outside, and why we think so:\n\n" + "".join(lines) if lines else ""


def main() -> None:
    """Write the table into the page."""
    told = json.loads(NUMBERS.read_text(encoding="utf-8"))
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN, 1)
    _, after = rest.split(END, 1)
    PAGE.write_text(
        f"{before}{BEGIN}\n{table(told['comparisons']).rstrip()}\n\n{END}{after}", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
