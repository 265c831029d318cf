from dataclasses import replace

import numpy as np
import pytest

from engine.studies.relations import alike, gains, gains_over_full, transfer_gains
from engine.studies.study import TEST
from tests.engine.studies.made import PUBLISHED


def test_the_table_is_the_authors_formula_source_in_rows():
    study = PUBLISHED["setting1"]
    losses = study.losses[TEST]
    table = gains(study)
    pair, half = study.place(("depth", "normals")), study.place(("normals",), 0.5)
    source, target = study.tasks.index("depth"), study.tasks.index("normals")
    assert table[source, target] == pytest.approx(100 * (losses[half, target] / losses[pair, target] - 1))
    assert np.isnan(table.diagonal()).all() and np.isfinite(table[~np.eye(5, dtype=bool)]).all()
    full = losses[study.place(("normals",)), target]
    assert gains_over_full(study)[source, target] == pytest.approx(100 * (full / losses[pair, target] - 1))


def test_a_study_is_wholly_like_itself_and_settings_of_other_tasks_cannot_be_compared():
    one, other = PUBLISHED["setting1"], PUBLISHED["setting3"]
    assert alike(one, one).pearson.value == pytest.approx(1)
    found = alike(one, other).pearson
    assert found.low < found.value < found.high


def test_transfer_is_told_relative_to_the_mean_over_sources():
    study = PUBLISHED["setting1"]
    assert transfer_gains(study) is None
    losses = np.array([[9.0, 2.0, 4.0, 1.0, 1.0]] + [[1.0, 9.0, 4.0, 1.0, 1.0]] * 4)
    found = transfer_gains(replace(study, transfer=losses))
    assert np.isnan(found.diagonal()).all()
    assert found[1, 2] == pytest.approx(0) and found[0, 1] == pytest.approx(100 * ((2 + 9 * 3) / 4 / 2 - 1))
