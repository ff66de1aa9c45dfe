"""Name of the volumetric bone mineral density; room `calibration` turns HU into it."""

from .feature import Feature, enter

VBMD = Feature(
    "vBMD",
    "mg/cm3",
    "one of the calibrations",
    "Mean volumetric bone mineral density of a region, by the calibration that stands beside it.",
    "doi:10.1007/s11914-022-00764-5",
    "trabecular bone of the spine −20 to 250",
    "Values of different methods, or in hydroxyapatite and in K2HPO4, are not interchangeable.",
)
enter(VBMD)
