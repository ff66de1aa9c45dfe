"""The methods of this room with their sources, as `osteon cite` prints them."""

from ..core import Method

PHANTOM_SOLID = Method(
    "phantom-solid",
    "Least-squares line through solid rods of known hydroxyapatite density in the same scan.",
    "doi:10.1007/s11914-022-00764-5",
    "Engelke K, Chaudry O, Bartenschlager S. Opportunistic screening techniques for analysis of CT "
    "scans. Curr Osteoporos Rep 2023;21:65-76 (review of calibration methods)",
)
PHANTOM_LIQUID = Method(
    "phantom-liquid",
    "Line through rods of known water and K2HPO4 equivalents scanned with the patient, with the "
    "water that K2HPO4 displaces taken into account (Mindways QCT Pro recipe).",
    "doi:10.1038/s41598-017-06608-y",
    "Wang L et al. Validation of asynchronous quantitative bone densitometry of the spine. "
    "Sci Rep 2017;7:6284 (Mindways QCT); formulas of the QCT PRO User Guide, Mindways Software, "
    "v5.0 (2011), as restated in the public code of Bonelab/Ogo",
)
INTERNAL_MICHALSKI = Method(
    "internal-michalski",
    "Air, fat, blood, muscle and cortical bone of the patient give an effective energy and a "
    "two-component (K2HPO4 and triglyceride) model of a voxel.",
    "doi:10.1016/j.medengphy.2020.01.009",
    "Michalski AS, Besler BA, Michalak GJ, Boyd SK. CT-based internal density calibration for "
    "opportunistic skeletal assessment using abdominal CT scans. Med Eng Phys 2020;78:55-63",
)
INTERNAL_ATTENUATION = Method(
    "internal-attenuation",
    "Tabulated attenuation of air, fat, blood, muscle and cortical bone gives scale, offset and "
    "effective energy of the scan, and with them the line of K2HPO4 in water. Osteon's own.",
    "doi:10.18434/T4D01F",
    "Own definition, on Hubbell JH, Seltzer SM. Tables of X-ray mass attenuation coefficients and "
    "mass energy-absorption coefficients. NIST Standard Reference Database 126",
)
HU_RELATION = Method(
    "hu-relation",
    "Published relation of vertebral HU to QCT density at 120 kVp, for scans without calibration.",
    "doi:10.3174/ajnr.A3893",
    "Schwaiger BJ et al. Bone mineral density values derived from routine lumbar spine "
    "multidetector row CT predict osteoporotic vertebral fractures and screw loosening. AJNR Am J "
    "Neuroradiol 2014;35:1628-1633",
)
EQUIVALENCE = Method(
    "k2hpo4-hydroxyapatite",
    "Takes densities between K2HPO4 and hydroxyapatite equivalents by a slope that depends on kVp.",
    "doi:10.1016/0169-6009(92)90922-Z",
    "Goodsitt MM. Conversion relations for quantitative CT bone mineral densities measured with "
    "solid and liquid calibration standards. Bone Miner 1992;19:145-158",
)
CONTRAST = Method(
    "contrast-bias",
    "Widens the uncertainty of densities from contrast-enhanced scans by the published bias.",
    "doi:10.1097/RCT.0000000000000518",
    "Kaesmacher J, Liebl H, Baum T, Kirschke JS. Bone mineral density estimations from routine "
    "multidetector computed tomography: a comparative study of contrast and calibration effects. "
    "J Comput Assist Tomogr 2017;41:217-223",
)
SCANNER_SPREAD = Method(
    "scanner-spread",
    "Published difference of densities when a relation of one CT scanner is used on another.",
    "doi:10.1038/s41598-022-24546-2",
    "Skornitzke S et al. Asynchronous calibration of quantitative computed tomography bone mineral "
    "density assessment for opportunistic osteoporosis screening. Sci Rep 2022;12",
)

METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        PHANTOM_SOLID,
        PHANTOM_LIQUID,
        INTERNAL_MICHALSKI,
        INTERNAL_ATTENUATION,
        HU_RELATION,
        EQUIVALENCE,
        CONTRAST,
        SCANNER_SPREAD,
    )
}
"""Every method of this room by its key."""
