"""What tests of crises share."""

import pytest

from tests.crisis_calls import BOSS, PEER, PRIM, ROTA, SEC, SUP
from tests.fakes_crisis import Site


@pytest.fixture
def site() -> Site:
    site = Site(staff=[PRIM, SEC, SUP, PEER, BOSS])
    site.on_call.duty = ROTA
    return site
