"""Write docs/dicom-outcomes.md: what becomes of every odd DICOM file and radiograph we have."""

import sys
from collections.abc import Callable
from pathlib import Path

from osteon.core import OsteonError, Scan
from osteon.io import read_ct, read_scan

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dicom-outcomes.md"
DATA = ROOT.parent / "shared" / "data"

FILES = {
    "dicom/ct_head_tilt_variable_spacing.zip": "head CT, tilted gantry and unequal distances",
    "dicom/d2n_compressed_j2k.zip": "MR series, JPEG 2000",
    "dicom/d2n_compressed_jpeg.zip": "MR series, JPEG lossless",
    "dicom/d2n_compressed_rle.zip": "MR series, RLE",
    "dicom/d2n_gantrytilting_001.zip": "CT series, tilted gantry (pixels are noise)",
    "dicom/d2n_notavolume_001.zip": "CT, bolus tracking at one position",
    "dicom/d2n_philips_enhanced_001.zip": "enhanced multi-frame MR",
    "dicom/d2n_slicecount_001.zip": "MR series of two slices",
    "dicom/d2n_sliceincrement_001.zip": "CT series, a slice missing (pixels are noise)",
    "dicom/eCT_Supplemental.dcm": "enhanced CT, perfusion map in colour",
    "dicom/emri_small.dcm": "enhanced MR stripped of its functional groups",
    "dicom/emri_small_jpeg_2k_lossless.dcm": "the same, JPEG 2000",
    "dicom/explicit_VR-UN.dcm": "one CT slice, JPEG 2000, elements of unknown type",
    "dicom/liver.dcm": "DICOM segmentation",
    "paired_ct_mr/STS_010_ct_dicom.zip": "CT series beside a structure set",
    "xray/RG3_J2KR.dcm": "radiograph (CR) of an ankle",
    "xray/nih_chest_00000001_000.png": "radiograph as PNG",
}
"""Each file and what it is."""

HEAD = """# What becomes of odd DICOM files

Made by `make docs`; a test holds this page to what the readers do. Every file is read as a CT
for measuring (`read_ct`). Where that is refused, it is tried again with `--allow-gaps`, and as
any scan (`read_scan`, which also takes MR); a line is shown where that ends differently.

The files are public: dicom2nifti's test data (MIT), dcm_qa_ct (BSD-2-Clause), pydicom-data (MIT;
`explicit_VR-UN` is from TCIA Pancreas-CT, CC BY 3.0), the IBSI validation set (CC BY 3.0, from
TCIA Soft-tissue-Sarcoma, doi:10.7937/K9/TCIA.2015.7GO2GSKS) and NIH ChestX-ray14.

| file | what it is | how | outcome | message |
| --- | --- | --- | --- | --- |
"""


def page(data: Path) -> str:
    """Text of the page.

    Parameters
    ----------
    data : Path
        Folder of the data collection.

    Returns
    -------
    str
        Markdown with one table; the same for the same files and readers.
    """
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for name in FILES for row in _rows(data, name))


def _rows(data: Path, name: str) -> list[tuple[str, ...]]:
    path = data / name
    ways: list[tuple[str, Callable[[], Scan]]] = [
        ("as a CT", lambda: read_ct(path)),
        ("`--allow-gaps`", lambda: read_ct(path, allow_gaps=True)),
        ("as any scan", lambda: read_scan(path)),
    ]
    rows: list[tuple[str, ...]] = []
    for how, read in ways:
        outcome, message = _outcome(read)
        if not rows:
            rows.append((f"`{path.name}`", FILES[name], how, outcome, message))
        elif (outcome, message) != rows[0][3:] and rows[0][3].startswith("refused"):
            rows.append(("", "", how, outcome, message))
    return rows


def _outcome(read: Callable[[], Scan]) -> tuple[str, str]:
    try:
        scan = read()
    except OsteonError as refusal:
        return f"refused ({type(refusal).__name__})", _cell(str(refusal))
    volume = scan.volume
    low, high = float(volume.values.min()), float(volume.values.max())
    what = f"read: {volume.grid}, {low:.0f} to {high:.0f}, unit `{volume.unit}`"
    return what, _cell(" ".join(f"{flag.code}: {flag.text}" for flag in scan.flags))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") or "–"


def main() -> int:
    """Write the page; exit status 2 where the data collection is not here."""
    if not DATA.is_dir():
        print("dicom_outcomes: the data collection (../shared/data) is not here.", file=sys.stderr)
        return 2
    PAGE.write_text(page(DATA), encoding="utf-8")
    print(f"{len(FILES)} files in {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
