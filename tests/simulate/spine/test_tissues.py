"""Tissues of the trunk: contrast agent is where it was injected, marrow is as fat as the person."""

import pytest

from osteon.simulate.materials import Material
from osteon.simulate.spine.tissues import NAMES, tissues_of


def part(tissues, name, material):
    return tissues[NAMES.index(name)].parts.get(material, 0.0)


def test_contrast_agent_is_in_vessels_and_little_in_marrow():
    none = tissues_of(0.5, "none")
    assert not any(tissue.parts.get(Material.IODINE) for tissue in none)
    late = tissues_of(0.5, "portal venous")
    # 5.5 mg/ml of iodine, 4.93 g/cm³
    assert part(late, "arterial blood", Material.IODINE) == pytest.approx(5.5 / 4930)
    assert 0 < part(late, "marrow", Material.IODINE) < 0.2 * 5.5 / 4930
    early = tissues_of(0.5, "arterial")
    ratio = part(early, "arterial blood", Material.IODINE) / part(
        early, "venous blood", Material.IODINE
    )
    assert ratio > 3


def test_marrow_holds_the_fat_of_the_person():
    tissues = tissues_of(0.45, "none")
    fat = [
        part(tissues, f"{kind}marrow", Material.YELLOW_MARROW)
        for kind in ("redder ", "", "fattier ")
    ]
    assert fat == pytest.approx([0.33, 0.45, 0.57])
