"""Who is in a cohort: splits by patient, folds of one size, an external site unseen inside."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from osteon.core import BadSetting
from osteon.simulate.bone.specimens import specimens
from osteon.simulate.cohort import devices
from osteon.simulate.cohort.devices import (
    KEPT_APART,
    check_sites,
    densitometer_at,
    scanner_at,
    tiles_at,
)
from osteon.simulate.cohort.plan import CohortSettings, places
from osteon.simulate.cohort.sites import Site, default_sites


def cohort(kind="spine", **more):
    return CohortSettings(kind, default_sites(kind), **more)


@pytest.mark.parametrize("subjects", [7, 20, 83, 200])
def test_folds_hold_as_many_internal_patients_each(subjects):
    folds = Counter(
        place.fold for place in places(cohort(subjects=subjects)) if place.fold is not None
    )
    internal = [place for place in places(cohort(subjects=subjects)) if place.split == "internal"]
    assert sum(folds.values()) == len(internal)
    assert max(folds.values()) - min(folds.values()) <= 1


def test_a_patient_is_in_one_split_and_only_internal_ones_are_in_a_fold():
    everyone = places(cohort(subjects=40, unlabelled=30))
    assert len({place.subject for place in everyone}) == 70
    for place in everyone:
        assert (place.split == "external") == place.site.external
        assert (place.fold is not None) == (place.split == "internal")
    assert Counter(place.split for place in everyone) == {
        "internal": 30,
        "external": 10,
        "unlabelled": 30,
    }


@pytest.mark.parametrize("kind", ["knee", "spine"])
def test_scanner_kernel_and_device_of_the_external_site_occur_nowhere_inside(kind):
    everyone = places(cohort(kind, subjects=8))
    settings = cohort(kind, subjects=8)
    seen = {True: set(), False: set()}
    for place in everyone:
        scanner = scanner_at(settings, place)
        seen[place.site.external] |= {("scanner", scanner.name), ("kernel", scanner.kernel)}
        if kind == "spine":
            seen[place.site.external].add(("dxa", place.site.dxa_device))
    assert not seen[True] & seen[False]


def test_donors_of_bone_at_the_external_site_are_seen_nowhere_inside(monkeypatch):
    monkeypatch.setattr(devices, "specimen_tile", lambda name: SimpleNamespace(name=name))
    settings = cohort(subjects=80)
    shown = {True: set(), False: set()}
    for place in places(settings):
        shown[place.site.external] |= {tile.name for tile in tiles_at(settings, place)}
    assert not shown[True] & shown[False]
    assert len(shown[True]) == KEPT_APART
    assert shown[True] | shown[False] == set(specimens())


def test_what_is_missing_changes_nothing_but_what_is_missing():
    whole, holes = places(cohort(subjects=50)), places(cohort(subjects=50, missing=0.4))
    assert 10 <= sum(place.missing is not None for place in holes) <= 30
    assert [replace(place, missing=None) for place in holes] == list(whole)


def test_a_patient_is_the_same_however_many_others_there_are():
    few, many = places(cohort(subjects=5)), places(cohort(subjects=50))
    for one, other in zip(few, many, strict=False):
        assert one.rng(1, "patient").random() == other.rng(1, "patient").random()
        assert one.year == other.year


def test_two_sites_with_names_that_end_alike_have_machines_of_their_own():
    north, south = (
        Site(f"{name} clinic", scanner="spine-a", dxa_device="hologic", drift_years=0)
        for name in ("north", "south")
    )
    settings = CohortSettings("spine", (north, south), subjects=2)
    first, second = (densitometer_at(settings, place) for place in places(settings))
    assert first.calibration != second.calibration


def test_a_cohort_without_a_site_to_train_on_is_refused():
    sites = tuple(replace(site, external=True) for site in default_sites("knee"))
    with pytest.raises(BadSetting, match="at least one must not be"):
        CohortSettings("knee", sites)


def test_nothing_can_be_missing_of_a_block_of_bone():
    with pytest.raises(BadSetting, match="nothing can be missing"):
        cohort("bone", missing=0.5)


def test_the_default_sites_have_devices_that_exist():
    for kind in ("knee", "spine", "bone"):
        check_sites(cohort(kind))
