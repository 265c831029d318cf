import pytest

from engine import catalog
from engine.errors import KindredError

KINDS = ("dataset", "architecture", "trunk", "weighting", "estimator", "solver", "linear", "federated")


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_can_be_loaded_and_is_named_once(kind):
    names = [entry.name for entry in catalog.entries(kind)]
    assert len(set(names)) == len(names) > 0
    for entry in catalog.entries(kind):
        assert callable(catalog.load(kind, entry.name))
        assert entry.summary


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_entry_needs_is_given_by_some_other_choice(kind):
    for entry in catalog.entries(kind):
        for need in entry.needs:
            assert any(need in giver.has for giver in catalog.entries(catalog.GIVEN_BY[need]))


def test_ones_own_function_is_imported_and_a_wrong_one_is_refused(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("def make():\n    return 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    catalog.find_or_own("trunk", "mine:make")
    assert catalog.load_or_own("trunk", "mine:make")() == 3
    for wrong in ("mine:other", "nowhere:make"):
        with pytest.raises(KindredError, match="PYTHONPATH"):
            catalog.load_or_own("trunk", wrong)
    with pytest.raises(KindredError, match="write module:function"):
        catalog.find_or_own("trunk", "no such:thing")
    with pytest.raises(KindredError, match="Did you mean 'mlp'"):
        catalog.find_or_own("trunk", "mpl")


def test_a_near_miss_is_pointed_out():
    with pytest.raises(KindredError, match="no dataset 'yaest'; choose one of yeast, digits, .*Did you mean 'yeast'"):
        catalog.find("dataset", "yaest")
