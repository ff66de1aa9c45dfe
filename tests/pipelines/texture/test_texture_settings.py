"""What a settings file says is measured; what it does not say is not taken for said."""

import tomllib

import pytest

from osteon.core import BadSetting, UnknownName
from osteon.features.texture import (
    FILTER_PRESETS,
    Discretisation,
    Gabor,
    Interpolation,
    LaplacianOfGaussian,
    NonSeparableWavelet,
    Resegmentation,
    Riesz,
)
from osteon.features.texture import PRESETS as STANDARD
from osteon.pipelines.texture import (
    FAMILIES,
    PRESETS,
    TextureChoices,
    Windows,
    chosen_preset,
    read_choices,
    settings_text,
)
from osteon.pipelines.texture.nearest import nearest
from osteon.pipelines.texture.settings_file import choices_from
from osteon.pipelines.texture.units import response_unit


def said(text):
    return choices_from(tomllib.loads(text), "mine.toml")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_written_as_a_file_is_read_as_itself(name, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text(settings_text(PRESETS[name]), encoding="utf-8")
    assert read_choices(file) == PRESETS[name]


@pytest.mark.parametrize("name", FILTER_PRESETS)
def test_every_filter_of_the_initiative_can_be_written_in_a_file(name):
    choices = TextureChoices(filtered=FILTER_PRESETS[name], families=("statistics",))
    assert said(settings_text(choices)) == choices


def test_there_is_a_preset_for_each_configuration_of_both_chapters():
    assert set(STANDARD) <= set(PRESETS)
    assert {f"ibsi-2-{n}.{room}" for n in range(1, 10) for room in "AB"} <= set(PRESETS)
    assert all(chosen_preset(name).processing == STANDARD[name] for name in STANDARD)


def test_a_file_that_says_nothing_is_the_default():
    assert said("") == PRESETS["default"]


def test_a_file_that_is_written_says_too_what_is_not_done():
    """So that a preset that somebody puts above it changes nothing."""
    written = settings_text(PRESETS["default"])
    for above in ("bone-ct", "ibsi-1-e", "ibsi-2-5.B"):
        assert said(f'preset = "{above}"\n{written}') == PRESETS["default"]


def test_a_number_is_no_whole_number_because_it_looks_like_one():
    with pytest.raises(BadSetting, match=r"dimensions = 2\.0 is not known"):
        said('[filter]\nkind = "mean"\nsupport = 3\ndimensions = 2.0')


def test_a_file_changes_what_it_names_of_its_preset_and_nothing_else():
    found = said('preset = "ibsi-1-e"\n[interpolation]\nspacing = [1, 1.5, "keep"]')
    before = PRESETS["ibsi-1-e"].processing
    assert found.processing.interpolation == Interpolation((1.0, 1.5, None), image="cubic")
    assert found.processing.resegmentation == before.resegmentation
    assert found.processing.discretisation == before.discretisation


def test_a_method_brings_numbers_of_its_own():
    """The width of the preset's bins says nothing about a number of bins."""
    found = said('preset = "ibsi-1-c"\n[discretisation]\nmethod = "bin-number"\nbins = 16')
    assert found.processing.discretisation == Discretisation("bin-number", bins=16)


def test_what_a_preset_has_can_be_taken_away():
    found = said('preset = "ibsi-1-e"\ninterpolation = "none"\n[resegmentation]\noutliers = "none"')
    assert found.processing.interpolation is None
    assert found.processing.resegmentation == Resegmentation(-1000.0, 400.0)


def test_a_filter_brings_the_statistics_that_have_reference_values_unless_others_are_named():
    text = '[filter]\nkind = "laplacian-of-gaussian"\nsigma = 3'
    assert said(text).filtered == LaplacianOfGaussian(3.0)
    assert said(text).families == ("statistics",)
    assert said(f'families = ["glcm"]\n{text}').families == ("glcm",)


def test_a_filter_of_a_preset_can_be_changed_or_left_out():
    changed = said('preset = "ibsi-2-5.B"\n[filter]\nsigma = 4').filtered
    assert isinstance(changed, Gabor)
    assert (changed.sigma, changed.wavelength) == (4.0, 2.0)
    assert said('preset = "ibsi-2-5.B"\nfilter = "none"').filtered is None


def test_a_riesz_transform_has_the_filter_before_it_in_a_table_of_its_own():
    found = said(
        '[filter]\nkind = "riesz"\norder = [0, 2, 0]\n'
        '[filter.base]\nkind = "nonseparable-wavelet"\nlevel = 2'
    )
    assert found.filtered == Riesz(NonSeparableWavelet(level=2), (0, 2, 0))


def test_windows_of_the_pool_overlap_by_half_where_no_step_is_given():
    assert Windows(size=8.0, pool=True).of_pool.step_mm == 4.0
    assert Windows(size=8.0, maps=("stat_mean",)).of_maps.step_mm is None


def test_maps_have_full_tags_and_each_comes_once():
    asked = Windows(size=5.0, maps=("cm_contrast", "cm_contrast_3D_comb", "szm_sze", "stat_mean"))
    assert asked.tags() == ("cm_contrast_3D_comb", "szm_sze_3D", "stat_mean")


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: TextureChoices(families=("glcn",)), UnknownName, "the nearest is 'glcm'"),
        (lambda: TextureChoices(families=()), BadSetting, "at least one"),
        (lambda: TextureChoices(threshold=float("nan")), BadSetting, "must be a number"),
        (lambda: Windows(pool=True), BadSetting, "need the size of the window"),
        (lambda: Windows(size=5.0, levels="here"), BadSetting, "'region' or 'window'"),
        (lambda: chosen_preset("bone_ct"), UnknownName, "the nearest is 'bone-ct'"),
    ],
)
def test_choices_that_mean_nothing_are_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_a_name_far_from_all_is_told_those_that_there_are():
    assert nearest("xyz", ["one", "two"]) == "; there are one, two"
    assert nearest("xyz", map(str, range(40))).endswith("14, 15 and more")


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        (None, "mg/cm3"),
        (NonSeparableWavelet(), "mg/cm3"),
        (LaplacianOfGaussian(3.0), "1"),
        (Riesz(LaplacianOfGaussian(3.0), (1, 0, 0)), "1"),
        (Gabor(5.0, 2.0, 1.5), "mg/cm3"),
        (Gabor(5.0, 2.0, 1.5, part="phase"), "rad"),
    ],
)
def test_a_response_has_the_unit_that_its_filter_gives_it(kind, unit):
    assert response_unit(kind, "mg/cm3") == unit


def test_every_family_is_one_that_can_be_asked_for():
    assert TextureChoices(families=FAMILIES).families == FAMILIES
