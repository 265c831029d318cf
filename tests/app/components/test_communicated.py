import numpy as np

from app.components.communicated import Communicated
from tests.app.views.stored_models import rounds


def test_bytes_are_those_of_both_directions():
    content = rounds()
    told = Communicated.of(content).methods["mocha"]
    stored = content["methods"]["mocha"]
    np.testing.assert_array_equal(told.sent, np.add(stored["up"], stored["down"]))


def test_the_goal_is_reached_at_the_first_point_below_it():
    told = Communicated.of(rounds(per_round=0.5)).methods
    assert told["mocha"].rounds[told["mocha"].reached(0.1)] == 4  # 0.5⁴ = 0.0625
    assert told["mocha"].reached(0.0) is None and told["fedavg"].reached(1.0) is None


def test_a_client_without_test_data_counts_for_nothing():
    content = rounds(clients=("a", "b"), count=1, methods=("local",))
    content["methods"]["local"]["errors"] = [[None, 0.5]]
    found = Communicated.of(content)
    assert found.methods["local"].error_of(None).item() == 0.5
    assert np.isnan(found.methods["local"].error_of(0).item())


def test_the_last_errors_name_the_least_and_ties():
    content = rounds(clients=("a", "b"), count=1, methods=("mocha", "local"))
    content["methods"]["mocha"]["errors"] = [[0.1, 0.2]]
    content["methods"]["local"]["errors"] = [[0.1, 0.3]]
    final = Communicated.of(content).final()
    assert final["least"].tolist() == ["mocha, local", "mocha"]
    assert final["samples"].tolist() == content["samples"]


def test_methods_that_have_not_begun_are_left_out():
    content = rounds(count=3)
    content["methods"]["local"] = {name: [] for name in content["methods"]["local"]}
    assert list(Communicated.of(content).methods) == ["mocha", "fedavg"]


def test_the_table_has_a_row_for_each_client_at_each_point_of_each_method():
    table = Communicated.of(rounds(count=4)).table()
    assert len(table) == 3 * 4 * 5
    assert table[table["method"] == "fedavg"]["gap"].isna().all()
