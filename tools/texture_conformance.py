"""Hold texture features to the reference values of IBSI 1, every one of them.

Writes docs/texture-conformance.md: every value, ours and the reference's, its tolerance and
whether it is met, and prints how many are. The digital phantom lies in samples/; the CT phantom
and the tables are needed from the data collection, in ../shared/data/ibsi or the folder named as
the first argument. Run as ``make conformance``; it takes a few seconds.
"""

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from osteon.core import Grid, Mask, Volume
from osteon.features.texture.catalogue import entry
from osteon.features.texture.diagnostics import diagnose
from osteon.features.texture.measure import measure_texture
from osteon.features.texture.settings import PRESETS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "texture-conformance.md"
COLLECTION = ROOT.parent / "shared" / "data" / "ibsi"

CONFIGURATIONS = (
    ("ibsi-1-digital", "digital_phantom", "digital_phantom", "Digital phantom"),
    ("ibsi-1-a", "ct_phantom", "config_A", "CT phantom, configuration A"),
    ("ibsi-1-b", "ct_phantom", "config_B", "CT phantom, configuration B"),
    ("ibsi-1-c", "ct_phantom", "config_C", "CT phantom, configuration C"),
)
"""Preset, image, table of reference values, and title."""

HEAD = """# Texture features against the reference values of IBSI 1

Made by `make conformance`: every value on which the Image Biomarker Standardisation Initiative
agreed (Zwanenburg et al. 2020,
[doi:10.1148/radiol.2020191145](https://doi.org/10.1148/radiol.2020191145); manual
[doi:10.48550/arXiv.1612.07003](https://doi.org/10.48550/arXiv.1612.07003)), and ours. A value is
met if, rounded to three significant digits as the reference is (to more where it has more), it
lies within the published tolerance. Most tolerances of the digital phantom are 0: only a rounded
value can meet a rounded reference, so the last column counts few of them.

"""


@dataclass(frozen=True)
class Row:
    """One reference value and what we find.

    Attributes
    ----------
    tag, family, name, code : str
        Which feature.
    reference : str
        As printed.
    tolerance : float
        How far off a value may be.
    ours : float or None
        None where we find nothing.
    """

    tag: str
    family: str
    name: str
    code: str
    reference: str
    tolerance: float
    ours: float | None

    @property
    def met(self) -> bool:
        """Whether the rounded value lies within the tolerance."""
        return self.ours is not None and self._within(float(f"{self.ours:.{self.digits}g}"))

    @property
    def met_unrounded(self) -> bool:
        """Whether the value as it is lies within the tolerance."""
        return self.ours is not None and self._within(self.ours)

    @property
    def digits(self) -> int:
        """Digits of the reference, at least three; zeros that end a whole number fill places."""
        shown = self.reference if "." in self.reference else self.reference.rstrip("0")
        return max(3, len(shown.lstrip("-0.").replace(".", "")))

    def _within(self, value: float) -> bool:
        reference = float(self.reference)
        return abs(value - reference) <= self.tolerance + 1e-9 * abs(reference)

    def cells(self) -> str:
        """The row as Markdown."""
        ours = "none" if self.ours is None else f"{self.ours:.{max(6, self.digits)}g}"
        told = (self.family, self.name, self.code, f"`{self.tag}`", self.reference)
        met = "yes" if self.met else "**no**"
        return "| " + " | ".join((*told, f"{self.tolerance:g}", ours, met)) + " |"


load: Callable[[Path], Any] = nibabel.load
"""Reads an image with its affine."""


def loaded(folder: Path, image: str) -> tuple[Volume, Mask]:
    """A phantom and its region; the digital one from the samples."""
    if image == "digital_phantom":
        files = [ROOT / "samples" / f"ibsi_{image}" / f"{n}.nii.gz" for n in ("image", "mask")]
    else:
        files = [folder / f"ibsi1_{image}_{name}.nii.gz" for name in ("image", "mask")]
    picture, drawn = (load(file) for file in files)
    grid = Grid.from_affine(picture.shape, np.diag([-1.0, -1.0, 1.0, 1.0]) @ picture.affine)
    inside = np.asarray(drawn.dataobj) > 0
    return Volume(np.asarray(picture.dataobj), grid, "1"), Mask(inside, grid)


def rows(folder: Path, preset: str, image: str, table: str) -> Iterator[Row]:
    """Each reference value of a table beside ours."""
    volume, mask = loaded(folder, image)
    found = measure_texture(volume, mask, PRESETS[preset]) | diagnose(volume, mask, PRESETS[preset])
    path = folder / f"ibsi_1_reference_values_{table}.csv"
    with path.open(encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            if not (reference := row["reference value"]):
                continue
            tag, family = row["tag"], row["family"]
            code = "" if family.startswith("Diagnostics") else entry(tag).code
            told = (tag, family, row["feature"], code, reference, float(row["tolerance"]))
            yield Row(*told, found.get(tag))


def page(results: dict[str, list[Row]]) -> str:
    """The page as Markdown."""
    text = HEAD + "| data | reference values | met | met without rounding |\n|---|---|---|---|\n"
    for title, found in results.items():
        met, raw = (sum(getattr(one, how) for one in found) for how in ("met", "met_unrounded"))
        text += f"| {title} | {len(found)} | {met} | {raw} |\n"
    text += (
        "\nConfigurations D and E have no values here. Of 210 features that MIRP 2.7.0 "
        "([doi:10.21105/joss.06413](https://doi.org/10.21105/joss.06413)) also finds in them, 208 "
        "agree to one millionth;\nMoran's I and Geary's C it estimates from samples of large "
        "regions, and ours are the sums over all pairs.\n\nThe volume and area densities of the "
        "smallest oriented box and of the smallest ellipsoid, and the\narea under the "
        "intensity-volume histogram, were not standardised and have no reference.\n"
    )
    head = "| family | feature | code | tag | reference | tolerance | ours | met |\n"
    for title, found in results.items():
        lines = "\n".join(one.cells() for one in found)
        text += f"\n## {title}\n\n{head}|---|---|---|---|---|---|---|---|\n{lines}\n"
    return text


def main() -> int:
    """Write the page and print the counts; exit status 1 if a value is missed."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else COLLECTION
    if not folder.is_dir():
        print(f"no reference values in {folder}; name the folder that has them.")
        return 2
    results = {
        title: list(rows(folder, preset, image, table))
        for preset, image, table, title in CONFIGURATIONS
    }
    PAGE.write_text(page(results), encoding="utf-8")
    for title, found in results.items():
        met, raw = (sum(getattr(one, how) for one in found) for how in ("met", "met_unrounded"))
        print(f"{title}: {met} of {len(found)} met ({raw} without rounding)")
        for one in found:
            if not one.met:
                print(f"  missed {one.tag}: {one.ours}, not {one.reference} ± {one.tolerance:g}")
    every = [one for found in results.values() for one in found]
    met = sum(one.met for one in every)
    print(f"IBSI 1: {met} of {len(every)} reference values met, {PAGE.relative_to(ROOT)} written")
    return 0 if met == len(every) else 1


if __name__ == "__main__":
    sys.exit(main())
