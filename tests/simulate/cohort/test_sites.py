"""What a file of sites may say, and what is said of one that says something else."""

import tomllib

import pytest

from osteon.core import OsteonError
from osteon.simulate.cohort.devices import check_sites
from osteon.simulate.cohort.plan import CohortSettings
from osteon.simulate.cohort.sites import patients_at, sites_of

SITE = '[sites.A]\nscanner = "spine-a"\ndxa_device = "hologic"\n'


def checked(text):
    sites = sites_of("spine", tomllib.loads(text))
    check_sites(CohortSettings("spine", sites))
    return sites


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no table"),
        ("sites = 3", "no table"),
        ("[sites]\nA = 3", "must be a table"),
        ("[sites.A]", "must name its scanner"),
        ('[sites.A]\nscanner = "spine-a"', "must name its dxa_device"),
        ('[sites.A]\nscanner = 3\ndxa_device = "hologic"', "must name its scanner"),
        (f"odd = 1\n{SITE}", "holds only tables .* got 'odd'"),
        (f"{SITE}odd = 1", "knows no odd; it has scanner, dxa_device"),
        (f"{SITE}share = -1", "share of site A must be a number above 0; got -1"),
        (f"{SITE}share = 0", "above 0"),
        (f"{SITE}share = nan", "got nan"),
        (f"{SITE}share = true", "got True"),
        (f'{SITE}share = "a"', "got 'a'"),
        (f"{SITE}drift_years = inf", "drift_years .* from 0; got inf"),
        (f"{SITE}drift_years = -1", "from 0; got -1"),
        (f"{SITE}external = 1", "must be true or false"),
        (f"{SITE}external = true", "all sites are external"),
        (f"{SITE}scanner_changes = 'x'", "must be a table such as"),
        (f"{SITE}scanner_changes = {{ kvp = 300 }}", "80 to 140; got 300"),
        (f"{SITE}scanner_changes = {{ dose = -1 }}", "0.01 to 1000; got -1"),
        (f"{SITE}scanner_changes = {{ dose = nan }}", "got nan"),
        (f"{SITE}scanner_changes = {{ odd = 1 }}", "no setting 'odd'"),
        (f"{SITE}scanner_changes = {{ kvp = 'a' }}", "must be a number"),
        (f"{SITE}scanner_changes = {{ kvp = [1] }}", "are no settings"),
        (f"{SITE}scanner_changes = {{ name = 'q' }}", "cannot change the name"),
        (f"{SITE}scanner_changes = {{ kernel = 'odd' }}", "no kernel 'odd'"),
        (f"{SITE}scanner_changes = {{ kernel = 3 }}", "kernel in scanner_changes"),
        (f"{SITE}scanner_changes = {{ kernel = {{ a = 3 }} }}", "are no settings"),
        (f"{SITE}scanner_changes = {{ streaks = 3 }}", "streaks in scanner_changes"),
        (SITE.replace("spine-a", "nix"), "no scanner 'nix'"),
        (SITE.replace("hologic", "nix"), "'nix' is no densitometer"),
    ],
)
def test_a_file_of_sites_that_cannot_be_meant_is_told(text, says):
    with pytest.raises(OsteonError, match=says) as told:
        checked(text)
    assert "\n" not in str(told.value)


def test_a_site_may_change_its_scanner():
    (site,) = checked(f"{SITE}scanner_changes = {{ kvp = 140, kernel = 'soft' }}")
    assert site.scanner_changes == {"kvp": 140, "kernel": "soft"}


def test_patients_are_shared_out_by_the_shares_and_all_of_them():
    table = {"sites": {n: {"scanner": "s", "dxa_device": "d", "share": n_share}
                       for n, n_share in (("A", 3), ("B", 1), ("C", 0.5))}}  # fmt: skip
    sites = sites_of("spine", table)
    assert patients_at(sites, 9) == [6, 2, 1]
    for many in range(1, 40):
        assert sum(patients_at(sites, many)) == many
