"""Published relation of HU to density, for scans that nothing else can calibrate."""

import numpy as np

from ..core import Flag
from .calibration import Calibration, Unavailable
from .methods import HU_RELATION
from .tables import rows

STANDARD_KVP = 120.0

_TABLES = rows("relations.toml")

NOT_CALIBRATED = Flag(
    "not-calibrated",
    "The density comes from HU by a relation of 38 patients of one hospital; this scanner was not "
    "calibrated, and mean densities differ by about a tenth from one scanner to another.",
)
MINERAL_ASSUMED = Flag(
    "equivalent-assumed",
    "The source does not name the mineral of its density standard; hydroxyapatite is assumed. "
    "Expressed in K2HPO4 the same number would mean 14 to 19 % more hydroxyapatite.",
)
KVP_UNKNOWN = Flag(
    "kvp-unknown",
    "The tube voltage is not known and 120 kV is assumed; the uncertainty is widened by the "
    "difference between 100 and 140 kV.",
)

CONTRAST_UNKNOWN = Flag(
    "contrast-unknown",
    "Whether contrast agent was given is not known; it would raise the density by more than 6 "
    "mg/cm³ (doi:10.1097/RCT.0000000000000518).",
)


def kvp_factor(kvp: float) -> tuple[float, float]:
    """Factor that takes vertebral HU at a tube voltage to 120 kVp, and its standard uncertainty.

    The ratio of the mean L1 HU of 16 747 scans at 100, 120 and 140 kVp (148.1, 140.9, 131.3 HU;
    AAPM 2026 abstract 1859), linear in between. The uncertainty is its difference to the physics
    model of the same abstract (0.927 and 1.053 at 100 and 140 kVp).

    Parameters
    ----------
    kvp : float
        Tube voltage in kV, 100 to 140; nothing is extrapolated.
    """
    table = _TABLES["kvp"]
    mean = np.array(table["mean_HU"])
    standard = mean[table["kvp"].index(STANDARD_KVP)]
    ratio = standard / mean
    model = np.array(table["corrected_HU"]) / mean
    factor = np.interp(kvp, table["kvp"], ratio)
    return float(factor), float(abs(np.interp(kvp, table["kvp"], model) - factor))


def hu_relation(kvp: float | None, *, contrast: bool | None) -> Calibration | Unavailable:
    """Density by the relation of Schwaiger 2014 (doi:10.3174/ajnr.A3893): 0.78 mg/cm³ per HU.

    HU are first brought to 120 kVp by `kvp_factor`. The standard uncertainty joins the scatter
    about the published line (38 mg/cm³ · √(1 - 0.92), the spread of a clinic's patients and the
    published R²), the difference between scanners (5.6 and 9.2 %, Skornitzke 2022,
    doi:10.1038/s41598-022-24546-2), that of the kVp factor, and the bias of contrast agent. It
    does not contain the choice of the mineral, which the source does not name.

    Parameters
    ----------
    kvp : float or None
        Tube voltage in kV. None is taken as 120, flagged, and the uncertainty widened.
    contrast : bool or None
        True for a scan with contrast agent; None, unknown, is flagged.

    Returns
    -------
    Calibration or Unavailable
        In hydroxyapatite (assumed). Unavailable below 100 and above 140 kVp.
    """
    table, voltages = _TABLES["schwaiger2014"], _TABLES["kvp"]["kvp"]
    flags = [NOT_CALIBRATED, MINERAL_ASSUMED]
    if contrast is None:
        flags.append(CONTRAST_UNKNOWN)
    if kvp is None:
        factor, off = 1.0, float(np.ptp([kvp_factor(voltage)[0] for voltage in voltages]) / 2)
        flags.append(KVP_UNKNOWN)
    elif not voltages[0] <= kvp <= voltages[-1]:
        reason = (
            f"The tube voltage is {kvp:g} kV; a published correction to 120 kV was found for "
            f"{voltages[0]:g} to {voltages[-1]:g} kV only."
        )
        return Unavailable(HU_RELATION, reason)
    else:
        factor, off = kvp_factor(kvp)
        if kvp != STANDARD_KVP:
            text = f"The tube voltage is {kvp:g} kV; HU were multiplied by {factor:.3f} for 120 kV."
            flags.append(Flag("kvp-corrected", text))
    scanner = float(np.hypot(_TABLES["scanner"]["bias"], _TABLES["scanner"]["sd"]))
    found = Calibration(
        HU_RELATION,
        table["equivalent"],
        {
            "slope_mg_cm3_per_HU": table["slope_mg_cm3_per_HU"] * factor,
            "intercept_mg_cm3": table["intercept_mg_cm3"],
            "kvp_factor": factor,
            "r2": table["r2"],
        },
        (table["slope_mg_cm3_per_HU"] * factor, table["intercept_mg_cm3"]),
        np.zeros((2, 2)),
        scatter=float(_TABLES["population"]["sd_mg_cm3"] * np.sqrt(1.0 - table["r2"])),
        relative=float(np.hypot(scanner, off)),
        flags=tuple(flags),
    )
    return found.with_contrast() if contrast else found
