"""Fewer places to compare than a real registration has: the bones here are smooth."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def few_places():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("osteon.registration.rigid.ON_THE_WAY", 2_000)
        patch.setattr("osteon.registration.rigid.AT_THE_END", 5_000)
        patch.setattr("osteon.registration.rigid.PLACES", 2_000)
        patch.setattr("osteon.registration.quality.PLACES_OF_DESCENTS", 1_500)
        patch.setattr("osteon.registration.quality.PLACES", 2_000)
        yield
