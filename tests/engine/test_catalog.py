import pytest

from engine import catalog
from engine.errors import KindredError

KINDS = ("dataset", "architecture", "trunk", "weighting", "estimator", "solver")


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_can_be_loaded_and_is_named_once(kind):
    names = [entry.name for entry in catalog.entries(kind)]
    assert len(set(names)) == len(names) > 0
    for entry in catalog.entries(kind):
        assert callable(catalog.load(kind, entry.name))
        assert entry.summary


def test_a_near_miss_is_pointed_out():
    with pytest.raises(KindredError, match="no dataset 'yaest'; choose one of yeast, digits. Did you mean 'yeast'"):
        catalog.find("dataset", "yaest")
