"""Put the study of the knee together with what real images gave, for the repository.

Run as ``python tools/srrd_results.py OUT SMALL``. OUT is the folder of ``osteon reproduce srrd``,
SMALL that of ``osteon reproduce srrd --preset small`` from nothing, whose time and memory are told.
The tool adds the real pairs of ``docs/data/registration_real.json`` and the real specimens of
``results/srrd_specimens.json`` to OUT's results, writes ``results/srrd.json``, and their page into
OUT.
"""

import json
import sys
from pathlib import Path
from typing import Any

from osteon.report import write_knee_results

ROOT = Path(__file__).parents[1]
PAIRS = ROOT / "docs" / "data" / "registration_real.json"
SPECIMENS = ROOT / "results" / "srrd_specimens.json"
JOINTS = {"036": "hip", "050": "proximal femur"}
"""What the pairs show that are no knees."""

DIGITS = 5


def main(out: Path, small: Path) -> None:
    """Read, join, write."""
    results = json.loads((out / "srrd.json").read_text(encoding="utf-8"))
    results["cost"] = cost(json.loads((small / "srrd.json").read_text(encoding="utf-8")))
    results["registration"]["real"] = real_pairs()
    results["real_structure"] = real_structure()
    results = rounded(results)
    # a section a line: short, and still to be compared by eye
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(one)}" for key, one in results.items())
    (ROOT / "results" / "srrd.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(write_knee_results(results, out))


def cost(small: dict[str, Any]) -> dict[str, Any]:
    """Time and memory of the small preset, with the sum; a study that went on tells but its end."""
    rows = small["cost"]["rows"]
    whole = {
        "name": "all",
        "minutes": round(sum(row["minutes"] for row in rows), 1),
        "peak_gib": max(row["peak_gib"] for row in rows),
        "note": f"the small preset from nothing, {small['settings']['subjects']} patients",
    }
    return {"rows": [*rows, whole]}


def real_pairs() -> list[dict[str, Any]]:
    """A row a piece of bone."""
    rows = []
    for bone in json.loads(PAIRS.read_text(encoding="utf-8"))["bones"]:
        kept = "the start was kept; " if bone["start_kept"] else ""
        rows.append(
            {
                "pair": bone["pair"],
                "joint": JOINTS.get(bone["pair"], "knee"),
                "before_mm": {"value": bone["before_mm"]},
                "after_mm": {"value": bone["after_mm"]},
                "note": f"{kept}piece {bone['bone']}, {bone['volume_cm3']:.0f} cm³",
            }
        )
    return rows


def real_structure() -> dict[str, Any]:
    """A row a method and parameter, for scanners of the training and the one never seen."""
    told = json.loads(SPECIMENS.read_text(encoding="utf-8"))
    rows = []
    for where, methods in told["agreement"].items():
        for name, parameters in methods.items():
            for parameter, one in parameters.items():
                low, high = one["donor bootstrap 95 %"]
                rows.append(
                    {
                        "name": name,
                        "parameter": parameter,
                        "specimens": told["specimens"],
                        "patches": one["rows"],
                        "icc": {"value": one["ICC(2,1)"], "low": low, "high": high},
                        "note": where,
                    }
                )
    text = f"{told['donors']} donors, left out by donor; intervals over donors."
    return {"text": text, "rows": rows, "command": told["command"]}


def rounded(value: Any) -> Any:
    """The same with numbers of as many digits as anyone reads."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
