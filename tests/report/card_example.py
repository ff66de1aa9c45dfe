"""Cards of three made-up cohorts, with the parts that a simulated cohort hands in."""

import numpy as np

from osteon.report import CardPicture

WARNING = (
    "These people do not exist: every patient, image and label is simulated. Use it to build and "
    "to compare methods, never to decide about a person."
)

SITES = {
    "knee": [
        ("A", False, "aurora-64, bone kernel", "BFFE 3 T", ""),
        ("B", False, "aurora-64, soft kernel", "BFFE 1.5 T", ""),
        ("C", False, "meridian-128", "BFFE 3 T", ""),
        ("D", True, "zenith-20", "T1 spin echo 1.5 T", ""),
    ],
    "spine": [
        ("A", False, "aurora-64", "", "Hologic"),
        ("B", False, "aurora-64", "", "Lunar"),
        ("C", False, "meridian-128", "", "Lunar"),
        ("D", True, "zenith-20", "", "Norland"),
    ],
}

KL = {
    "0": "none",
    "1": "doubtful",
    "2": "minimal",
    "3": "moderate",
    "4": "severe",
}

FILES = [
    {"path": "participants.tsv", "what": "One row a patient: who, where, labels"},
    {"path": "participants.json", "what": "Data dictionary of the columns"},
    {"path": "sub-001/ct/sub-001_ct.nii.gz", "what": "CT in HU, with its settings beside it"},
    {"path": "truth/sub-001/regions.tsv", "what": "True parameters by region"},
    {"path": "manifest.json", "what": "Version, seed, settings, and the digest of every file"},
]


def shade(rows, columns, seed=0):
    """A disc with a bright rim and speckles."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    r = np.hypot(x, y)
    bone = 90 * (r < 0.8) + 110 * (np.abs(r - 0.8) < 0.06)
    return np.clip(bone + 25 * rng.standard_normal((rows, columns)) + 20, 0, 255).astype(np.uint8)


def gallery(groups=("CT", "MR", "truth"), size=40):
    """Three pictures a group; those of MR are half as wide as high."""
    return [
        CardPicture(
            f"sub-{n + 1:03d}",
            f"{group}, {view}",
            "Window −200 to 800 HU" if group == "CT" else "",
            shade(size, size // 2 if group == "MR" else size, n),
            (1.5, 1.5),
            group,
        )
        for group in groups
        for n, view in enumerate(("coronal", "sagittal", "axial"))
    ]


def card_of(kind, rows, columns, **more):
    """A whole card around some participants."""
    sites = [
        {
            "name": name,
            "external": external,
            "scanner": scanner,
            "sequence": sequence,
            "dxa_device": dxa,
            "patients": sum(row["site"] == name for row in rows),
        }
        for name, external, scanner, sequence, dxa in SITES.get(kind, ())
    ]
    return {
        "schema": "osteon-cohort-1",
        "kind": kind,
        "title": f"Virtual {kind} cohort",
        "summary": f"{len(rows)} simulated, with known bone behind every image.",
        "warning": WARNING,
        "settings": {"kind": kind, "subjects": len(rows), "seed": 7, "preset": "small"},
        "sites": sites,
        "participants": rows,
        "columns": columns,
        "ceilings": [],
        "agreement": [],
        "regions": [],
        "manifest": {
            "osteon": "0.4.0",
            "seed": 7,
            "seconds": 1293.4,
            "command": f"osteon simulate {kind} out --subjects {len(rows)} --seed 7 --preset small",
            "digest": "9f2c" * 16,
        },
        "files": FILES,
        **more,
    }


def _placed(rng, many, kind, unlabelled):
    """Rows with site, split and fold."""
    rows = []
    for n in range(many):
        name = rng.choice(["A", "B", "C", "D"], p=[0.35, 0.25, 0.2, 0.2])
        site = next(site for site in SITES[kind] if site[0] == name)
        split = "external" if site[1] else "unlabelled" if rng.random() < unlabelled else "internal"
        place = {"participant_id": f"sub-{n + 1:03d}", "age": 0.0, "sex": "F"}
        place |= {"site": name, "split": split, "fold": n % 5 if split == "internal" else None}
        place |= {"scanner": site[2], "sequence": site[3], "dxa_device": site[4]}
        rows.append({key: value for key, value in place.items() if value != ""})
    return rows


SHARED_COLUMNS = {
    "participant_id": {"description": "The patient", "unit": ""},
    "age": {"description": "Age when scanned", "unit": "years"},
    "sex": {"description": "Sex", "unit": "", "levels": {"F": "women", "M": "men"}},
    "site": {"description": "Where the patient was scanned", "unit": ""},
    "split": {"description": "What the patient may be used for", "unit": ""},
    "fold": {"description": "Fold of cross-validation", "unit": ""},
    "scanner": {"description": "Profile of the CT scanner", "unit": ""},
}


KNEE_COLUMNS = SHARED_COLUMNS | {
    "sequence": {"description": "MR sequence of the site", "unit": ""},
    "bmi": {"description": "Body mass index", "unit": "kg/m2"},
    "side": {"description": "Side of the knee", "unit": ""},
    "kl": {"description": "Kellgren–Lawrence grade as read", "unit": "", "levels": KL},
    "oa": {"description": "Osteoarthritis: grade 2 or higher", "unit": ""},
    "bvtv_medial": {"description": "BV/TV below the medial plateau, 0–6 mm", "unit": ""},
    "tb_th_medial": {"description": "Tb.Th below the medial plateau, 0–6 mm", "unit": "mm"},
    "joint_space": {"description": "Narrowest medial joint space", "unit": "mm"},
    "alignment": {"description": "Hip–knee–ankle angle, varus negative", "unit": "deg"},
    "missing_mr": {"description": "The MR scan is missing", "unit": ""},
}


KNEE_AGREEMENT = [
    {"what": "Two readers, KL within one grade", "value": 0.93, "unit": "", "note": ""},
    {"what": "Label noise", "value": 8.0, "unit": "%", "note": "Grades read one off"},
]


def knee_card(many=80, seed=1):
    """Knees with Kellgren–Lawrence grades."""
    rng = np.random.default_rng(seed)
    rows = _placed(rng, many, "knee", 0.15)
    for row in rows:
        kl = int(rng.choice(5, p=[0.28, 0.22, 0.22, 0.18, 0.10]))
        labelled = row["split"] != "unlabelled"
        row["age"] = round(float(np.clip(rng.normal(55 + 3 * kl, 9), 30, 88)), 1)
        row["sex"] = "F" if rng.random() < 0.58 else "M"
        row["bmi"] = None if rng.random() < 0.06 else round(float(rng.normal(26 + kl, 4)), 1)
        row["side"] = str(rng.choice(["left", "right"]))
        row["kl"] = kl if labelled else None
        row["oa"] = kl >= 2 if labelled else None
        row["bvtv_medial"] = round(float(rng.normal(0.24 + 0.02 * kl, 0.035)), 4)
        row["tb_th_medial"] = round(float(rng.normal(0.2 + 0.008 * kl, 0.02)), 4)
        row["joint_space"] = round(float(np.clip(rng.normal(4.6 - 0.6 * kl, 0.7), 0.2, 8)), 2)
        row["alignment"] = round(float(rng.normal(-0.8 * kl, 2.5)), 1)
        row["missing_mr"] = bool(rng.random() < 0.05)
    places = [f"{s} {b}, {d}" for s in ("medial", "lateral") for b in ("tibia", "femur")
              for d in ("0–6 mm", "6–12 mm")]  # fmt: skip
    regions = [
        row
        for name, unit, mean, sd in (
            ("BV/TV", "1", 0.26, 0.04),
            ("Tb.Th", "mm", 0.21, 0.02),
            ("Tb.Sp", "mm", 0.62, 0.06),
            ("Tb.N", "/mm", 1.2, 0.1),
        )
        for row in regions_of(rng, places, (name, unit, mean, sd), many)
    ]
    return card_of(
        "knee",
        rows,
        KNEE_COLUMNS,
        title="Virtual knees, Kellgren–Lawrence 0 to 4",
        summary=f"{many} knees seen by CT and MR at three sites and an external one whose scanner "
        "and sequence are seen nowhere inside.",
        ceilings=knee_ceilings(),
        agreement=KNEE_AGREEMENT,
        regions=regions,
    )


def knee_ceilings():
    """Ceilings of two tasks; one cannot be told."""
    ceilings = [
        ceiling("Osteoarthritis", "Everything that is true", ["bvtv", "tb_th", "plate"], 0.94),
        ceiling("Osteoarthritis", "Subchondral structure alone", ["bvtv_medial"], 0.88),
        ceiling("Osteoarthritis", "Age, sex and mean HU", ["age", "sex", "hu_mean"], 0.71),
        ceiling("Osteoarthritis", "Age and sex", ["age", "sex"], 0.62),
        ceiling("Severe osteoarthritis", "Everything that is true", ["bvtv", "tb_th"], 0.97),
        ceiling("Severe osteoarthritis", "Age and sex", ["age", "sex"], None),
    ]
    ceilings[0]["note"] = "The ceiling: what a perfect measurement would reach."
    ceilings[-1]["note"] = "Too few cases in the folds."
    return ceilings


def ceiling(task, what, columns, auc):
    """One row of the ceilings."""
    low, high = (None, None) if auc is None else (auc - 0.6 * (1.02 - auc), min(auc + 0.05, 1.0))
    counts = {"patients": 68, "cases": 34 if task == "Osteoarthritis" else 7}
    return {"task": task, "what": what, "columns": columns, "auc": auc, "low": low, "high": high,
            "note": "", **counts}  # fmt: skip


def regions_of(rng, places, told, many):
    """True values of one parameter in every place."""
    name, unit, mean, sd = told
    rows = []
    for place in places:
        at = mean * rng.uniform(0.85, 1.15)
        rows.append(
            {"region": place, "parameter": name, "unit": unit, "mean": at, "sd": sd,
             "low": at - 2.2 * sd, "high": at + 2.5 * sd, "n": many}
        )  # fmt: skip
    return rows


WHO = {"normal": "T > −1", "low": "−2.5 < T ≤ −1", "osteoporosis": "T ≤ −2.5"}
SPINE_COLUMNS = SHARED_COLUMNS | {
    "dxa_device": {"description": "Maker of the DXA device", "unit": ""},
    "weight": {"description": "Body weight", "unit": "kg"},
    "height": {"description": "Body height", "unit": "cm"},
    "t_score": {"description": "T-score of L1–L4 from the device of the site", "unit": ""},
    "bmd_l1_l4": {"description": "Areal density of L1–L4", "unit": "g/cm2"},
    "osteoporosis": {"description": "T-score of −2.5 or lower", "unit": ""},
    "who": {"description": "Class of the T-score", "unit": "", "levels": WHO},
    "vbmd": {"description": "True density of trabecular bone, L1–L3", "unit": "mg/cm3"},
    "bvtv": {"description": "True BV/TV, L1–L3", "unit": ""},
    "fractures": {"description": "Fractured vertebrae, Genant grade 1 or higher", "unit": ""},
}


def spine_card(many=200, seed=2):
    """Spines with DXA of three devices."""
    rng = np.random.default_rng(seed)
    rows = _placed(rng, many, "spine", 0.2)
    for row in rows:
        row["sex"] = "F" if rng.random() < 0.6 else "M"
        row["age"] = round(float(rng.uniform(45, 85)), 1)
        vbmd = 175 - 1.9 * (row["age"] - 45) + 14 * (row["sex"] == "M") + rng.normal(0, 24)
        labelled, has_dxa = row["split"] != "unlabelled", rng.random() > 0.08
        row["weight"] = round(float(rng.normal(72, 12)), 1)
        row["height"] = round(float(rng.normal(162 if row["sex"] == "F" else 175, 6)), 1)
        t_score = (vbmd - 175) / 26 + rng.normal(0, 0.6)
        row["t_score"] = round(float(t_score), 2) if labelled and has_dxa else None
        row["bmd_l1_l4"] = round(float(1.0 + 0.12 * t_score), 3) if labelled and has_dxa else None
        row["osteoporosis"] = bool(t_score <= -2.5) if labelled and has_dxa else None
        row["who"] = None
        if labelled and has_dxa:
            row["who"] = ["osteoporosis", "low", "normal"][(t_score > -2.5) + (t_score > -1)]
        row["vbmd"] = round(float(vbmd), 1)
        row["bvtv"] = round(float(np.clip(vbmd / 1100 + rng.normal(0, 0.01), 0.03, 0.4)), 4)
        row["fractures"] = int(rng.poisson(0.25 if vbmd > 110 else 0.9))
    ceilings = [
        ceiling("Osteoporosis", "True density and structure", ["vbmd", "bvtv", "tb_sp"], 0.93),
        ceiling("Osteoporosis", "A second DXA reading", ["t_score_2"], 0.95),
        ceiling("Osteoporosis", "Age, sex and mean HU", ["age", "sex", "hu_mean"], 0.82),
    ]
    agreement = [
        {"what": "Two DXA readings, concordance", "value": 0.957, "unit": "",
         "note": "Lin’s concordance of two noisy readings of the same patient"},
        {"what": "Precision of DXA", "value": 0.011, "unit": "g/cm2", "note": "RMS SD"},
    ]  # fmt: skip
    regions = [
        row
        for told in (("vBMD", "mg/cm3", 125, 28), ("BV/TV", "1", 0.11, 0.03))
        for row in regions_of(rng, ["T12", "L1", "L2", "L3", "L4", "L5"], told, many)
    ]
    title = "Virtual spines, T12 to L5"
    more = {"ceilings": ceilings, "agreement": agreement, "regions": regions}
    return card_of("spine", rows, SPINE_COLUMNS, title=title, **more)


def bone_card(many=12, seed=3):
    """Blocks of spongy bone: no site, no label, no age."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "participant_id": f"sub-{n + 1:03d}",
            "split": "internal",
            "bvtv": round(float(rng.uniform(0.06, 0.32)), 4),
            "tb_th": round(float(rng.normal(0.18, 0.02)), 4),
            "tb_sp": round(float(rng.normal(0.7, 0.1)), 4),
            "source": str(rng.choice(["field", "specimen"])),
        }
        for n in range(many)
    ]
    columns = {
        "participant_id": {"description": "The block", "unit": ""},
        "bvtv": {"description": "Bone volume fraction", "unit": ""},
        "tb_th": {"description": "Thickness of trabeculae", "unit": "mm"},
        "tb_sp": {"description": "Room between trabeculae", "unit": "mm"},
        "source": {"description": "Random field, or real specimen", "unit": ""},
    }
    regions = regions_of(rng, ["whole block"], ("BV/TV", "1", 0.18, 0.06), many)
    return card_of("bone", rows, columns, title="Virtual blocks of spongy bone", regions=regions)
