"""Tables of docs/conformance.md about structure, from numbers that were measured and committed."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TRUTH = ROOT / "docs" / "data" / "structure-truth.json"
SPEED = ROOT / "benchmarks" / "results" / "structure.json"
WHOLE = ROOT / "benchmarks" / "results" / "structure_whole.json"
STRENGTH = ROOT / "benchmarks" / "results" / "stiffness_index.json"

FOLLOWS = "loading that follows the publishers' code"


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def truth() -> tuple[str, tuple[str, ...], list[tuple[str, ...]]]:
    """What is said before the table of known shapes, its head and its rows."""
    told = _read(TRUTH)
    across = [str(n) for n in told["across"]]
    rows = [
        (
            row["shape"],
            row["voxels"],
            f"`{row['feature']}`",
            f"{row['truth']:.4g}",
            *(_error(row["mean_error"][n], row["absolute"]) for n in across),
            _error(row["worst_error"][across[-1]], row["absolute"]).lstrip("+"),
            "exact" if row["order"] is None else f"{row['order']:.1f}",
        )
        for row in told["rows"]
    ]
    head = ("shape", "voxel", "number", "truth", *(f"{n} across" for n in across), "worst", "order")
    said = (
        f"Shapes whose numbers are known on paper, each in {told['poses']} random turns and moves, "
        "sampled with partial volume and cut at one half, with so many voxels across their "
        "thickness. Mean error as a part of the truth; for SMI, Euler number and Conn as a "
        "difference. `worst` is the largest error at the finest voxels; `order` is the power of "
        "the voxel side with which the mean error without its sign falls: 1 is what a thickness "
        "in whole voxels can reach, 2 what a smooth surface can. Lengths are in mm where the "
        "thickness is 1 mm. A plain mask cannot give the first two thicknesses better than to a "
        "voxel; the sub-voxel ones use the grey values and are so near the truth from the start "
        "that what is left no longer falls. Nor does the last percent of BS of oblique surfaces, "
        "two with long voxels: its filter is as wide as its voxels and sees the same steps at any "
        "size. Made by `make truth`.\n\n"
    )
    return said, head, rows


def _error(value: float, absolute: bool) -> str:
    return f"{value:+.3f}" if absolute else f"{100 * value:+.1f} %"


def speed() -> tuple[str, tuple[str, ...], list[tuple[str, ...]]]:
    """What is said before the table of speed, its head and its rows."""
    told = _read(SPEED)
    rows = [_line(line) for line in told["lines"]]
    head = ("job", "volume", "tool", "s", "MiB", "time ÷ ours", "our memory ÷ its", "× floor")
    grown = told["scaling"]
    per_voxel = ", ".join(f"{one['ns_a_voxel']:.0f} ns at {one['side']}³" for one in grown)
    machine = told["machine"]
    said = (
        f"On {machine['cores']} cores that move {machine['bytes_per_second'] / 1e9:.1f} GB/s, two "
        "threads, medians of one run, each tool in a process of its own (`make bench`). The floor "
        "is the time that the bytes which must move take at that speed.\n\n"
        f"Time grows with the number of voxels: the thickness map takes {per_voxel} a voxel.\n\n"
        f"{_whole()}"
    )
    return said, head, rows


def _line(line: dict[str, Any]) -> tuple[str, ...]:
    if "seconds" not in line:
        return (line["job"], line["volume"], line["tool"], line["failed"], "", "", "", "")
    return (
        line["job"],
        line["volume"],
        line["tool"].split(",")[0],
        f"{line['seconds']:.3g}",
        f"{line['mib']:.0f}",
        f"{line['ratio']:.1f}" if "ratio" in line else "",
        f"{line['memory_ratio']:.2f}" if "memory_ratio" in line else "",
        f"{line['times_floor']:.0f}" if "times_floor" in line else "",
    )


def _whole() -> str:
    """A sentence about the whole command on a large volume."""
    if not WHOLE.exists():
        return ""
    told = _read(WHOLE)
    same = "the same numbers and the same map" if told["same_numbers"] and told["same_map"] else ""
    return (
        f"`osteon structure` on {told['side']}³ grey voxels, everything but finite elements, took "
        f"{told['seconds'] / 60:.1f} min on two cores that had other work, and "
        f"{told['mib'] / 1024:.1f} GiB. {told['blocked_side']}³ voxels in blocks of "
        f"{told['block']} slices and at once gave {same or 'different numbers: a fault'}.\n\n"
    )


def strength() -> tuple[str, tuple[str, ...], list[tuple[str, ...]]]:
    """What is said before the table of stiffness against published indices, head and rows."""
    told = _read(STRENGTH)["summary"]
    rows: list[tuple[str, ...]] = [
        (name, f"{value:.3f}") for name, value in told["r with the publishers' index"].items()
    ]
    said = (
        f"{told['cubes']} interior cubes of human L1 vertebrae, whose publishers computed a "
        f"stiffness index by their own finite elements. Bricks: {told['brick']}. What follows the "
        f"publishers' code: {told[FOLLOWS]}. "
        "Made by `python benchmarks/stiffness_index.py`, which needs the data collection.\n\n"
    )
    head: tuple[str, ...] = ("number", "r with the published index")
    return said, head, rows
