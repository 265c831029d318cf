import numpy as np
import pytest

from engine.paths import at
from engine.runs.checkpoint import load_checkpoint, save_checkpoint
from engine.runs.database import StoreAway, StoreError


def test_a_checkpoint_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"step": 1})
    path.with_suffix(".draft").mkdir()  # so that the next one cannot be written
    with pytest.raises(StoreAway, match="cannot be written.*then resume the run"):
        save_checkpoint(path, {"step": 2})
    assert load_checkpoint(path) == {"step": 1}


def test_a_damaged_checkpoint_is_named_with_the_way_out(tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"nonsense")
    with pytest.raises(StoreError, match="delete that file and resume"):
        load_checkpoint(path)


@pytest.mark.parametrize("ending", [".pt", ".npz"])
def test_a_checkpoint_may_lie_wherever_fsspec_reaches(ending):
    path = at("memory://kindred") / f"checkpoint{ending}"
    for step in (1, 2):
        save_checkpoint(path, {"step": step, "numbers": [0.5, float("nan")]})
    found = load_checkpoint(path)
    assert found["step"] == 2 and np.array_equal(found["numbers"], [0.5, np.nan], equal_nan=True)
    path.unlink()
    assert not path.exists()
