import numpy as np
import pandas as pd
import pytest

from engine.datasets import table
from engine.datasets.dataset import NO_CLASS, SPLITS, known
from engine.datasets.tables import encoding
from engine.datasets.tables.keeping import keep
from engine.datasets.tables.reading import tidied
from engine.errors import KindredError
from engine.paths import at
from tests.engine.datasets.tables.made import ROWS, as_csv, as_npz, as_parquet, houses, settings

FRAME = tidied(houses())


def made(frame=FRAME, **choices):
    return table.of_frame(frame, settings(**choices), "houses")


def parts(dataset):
    return [getattr(dataset, split)[0] for split in SPLITS]


def inputs(dataset):
    return np.concatenate([part.inputs for part in parts(dataset)])


def labels(dataset, task):
    return np.concatenate([part.labels[task] for part in parts(dataset)])


def refused(*words, frame=FRAME, **choices):
    with pytest.raises(KindredError) as caught:
        made(frame, **choices)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


@pytest.mark.parametrize(("ending", "write"), [("csv", as_csv), ("parquet", as_parquet), ("npz", as_npz)])
def test_a_kept_file_of_every_format_gives_the_same_data_set(tmp_path, ending, write):
    path = keep(write(houses()), f"houses.{ending}", tmp_path)
    loaded, expected = table.load(settings(table=str(path))), made()
    assert (loaded.name, loaded.tasks) == ("houses", expected.tasks)
    for one, other in zip(parts(loaded), parts(expected), strict=True):
        np.testing.assert_array_equal(one.inputs, other.inputs)
        for task in loaded.tasks:
            np.testing.assert_array_equal(one.labels[task.name], other.labels[task.name])


@pytest.mark.parametrize("place", ["{tmp_path}/new", "memory://kindred-tables"])
def test_a_table_whose_store_was_moved_is_found_among_its_files(tmp_path, monkeypatch, place):
    place = place.format(tmp_path=tmp_path)
    path = keep(as_csv(houses()), "houses.csv", at(place) / "tables")
    assert len(table.load(settings(table=str(path))).tasks) == len(made().tasks)
    elsewhere = f"{tmp_path}/old/tables/{path.name}"
    with pytest.raises(KindredError, match="old/tables.*cannot be read"):
        table.load(settings(table=elsewhere))
    monkeypatch.setenv("KINDRED_FILES", place)
    moved = table.load(settings(table=elsewhere))
    assert moved.name == "houses" and np.array_equal(inputs(moved), inputs(made()))
    assert keep(as_csv(houses()), "again.csv", at(place) / "tables").name == path.name


def test_targets_become_tasks_in_their_order():
    price, heating, sold = made().tasks
    assert (price.name, price.loss, price.outputs) == ("price", "squared_error", 1)
    assert "column price, a number (mean" in price.summary
    assert (heating.loss, heating.outputs) == ("cross_entropy", 3)
    assert heating.summary == "column heating, one of 3 classes: gas, heat pump, oil"
    assert (sold.loss, sold.outputs, sold.summary) == ("binary_cross_entropy", 1, "column sold, 0 or 1")
    assert [task.name for task in made(targets="sold, price").tasks] == ["sold", "price"]
    assert made(targets="garden").tasks[0].summary == "column garden, 1 is 'yes', 0 is 'no'"


def test_labels_are_those_of_the_rows_and_missing_ones_stay_missing():
    dataset = made(split="time")  # keeps the order of rows
    heating = labels(dataset, "heating")
    assert heating.dtype == np.int64 and (heating == NO_CLASS).sum() == FRAME["heating"].isna().sum()
    assert [["gas", "heat pump", "oil"][number] for number in heating if number >= 0] == list(FRAME["heating"].dropna())
    price = labels(dataset, "price")
    assert price.dtype == np.float32 and (known(price) == FRAME["price"].notna()).all()
    assert np.corrcoef(price[known(price)], FRAME["price"].dropna())[0, 1] == pytest.approx(1)
    assert (labels(dataset, "sold") == FRAME["sold"]).all()


def test_numbers_are_standardised_on_training():
    dataset = made()
    price, area = dataset.train[0].labels["price"], dataset.train[0].inputs[:, 0]
    assert np.nanmean(price) == pytest.approx(0, abs=1e-5) and np.nanstd(price) == pytest.approx(1, abs=1e-5)
    assert area.mean() == pytest.approx(0, abs=1e-5)


def test_inputs_are_area_and_its_gaps_towns_garden_and_time():
    dataset = made(split="time")
    encoded = inputs(dataset)
    assert encoded.dtype == np.float32 and encoded.shape == (ROWS, 2 + 4 + 1 + 1)
    assert np.isfinite(encoded).all()
    gaps = FRAME["area"].isna().to_numpy()
    assert (encoded[:, 1] == gaps).all() and np.allclose(encoded[gaps, 0], 0, atol=1e-6)
    assert (encoded[:, 2:6].sum(1) == 1).all()
    assert (encoded[:, 2] == (FRAME["town"] == "Æ")).all() or (encoded[:, 5] == (FRAME["town"] == "Æ")).all()
    assert (encoded[:, 6] == (FRAME["garden"] == "yes")).all()
    assert np.corrcoef(encoded[:, 7], FRAME["built"].astype("int64"))[0, 1] == pytest.approx(1)


def test_no_target_is_among_the_inputs():
    shuffled = FRAME.assign(**{name: FRAME[name].sample(frac=1, random_state=1).array for name in ("price", "sold")})
    np.testing.assert_array_equal(inputs(made()), inputs(made(shuffled)))


def test_rows_outside_of_training_change_nothing_in_it():
    dataset = made(split="time")
    changed = FRAME.copy()
    changed.loc[ROWS * 0.6 :, "area"] = np.linspace(-1e6, 1e200, ROWS - int(ROWS * 0.6)).clip(max=1e30)
    changed.loc[ROWS * 0.6 :, "town"] = "elsewhere"
    changed.loc[ROWS * 0.6 :, "garden"] = np.nan
    changed.loc[ROWS * 0.6 :, "price"] *= 1000
    other = made(changed, split="time")
    np.testing.assert_array_equal(dataset.train[0].inputs, other.train[0].inputs)
    for task in ("price", "heating", "sold"):
        np.testing.assert_array_equal(dataset.train[0].labels[task], other.train[0].labels[task])
    assert (other.test[0].inputs[:, 2:6] == 0).all()
    garden = (FRAME["garden"][: int(ROWS * 0.6)] == "yes").mean()
    assert other.test[0].inputs[:, 6] == pytest.approx(garden)


def test_the_columns_that_are_left_out_or_split_by_are_no_inputs():
    assert made(leave_out="town,built").input_shape == (3,)
    assert made(split="time", split_by="built").input_shape == (7,)


def test_a_split_by_group_keeps_groups_whole():
    frame = FRAME.assign(patient=np.arange(ROWS) % 23.0, value=np.arange(ROWS) % 23.0)
    dataset = made(
        frame, targets="sold", split="group", split_by="patient", leave_out="area,town,garden,built,price,heating"
    )
    held = [set(part.inputs[:, 0]) for part in parts(dataset)]
    assert sum(map(len, held)) == 23 == len(set.union(*held))


def test_corrections_win():
    frame = FRAME.assign(rooms=np.arange(ROWS) % 4.0, id=np.arange(ROWS, dtype=float))
    dataset = made(frame, targets="rooms,sold", kinds="rooms=category,id=number,sold=number")
    rooms, sold = dataset.tasks
    assert (rooms.loss, rooms.outputs, sold.loss) == ("cross_entropy", 4, "squared_error")
    assert rooms.summary.endswith("4 classes: 0, 1, 2, 3")


def test_numbers_whose_squares_no_float_holds_are_standardised():
    for size in (1e200, 1e-200):
        dataset = made(FRAME.assign(huge=FRAME["price"].fillna(0) * size, price=FRAME["price"] * size), targets="price")
        np.testing.assert_allclose(
            labels(dataset, "price"), labels(made(targets="price"), "price"), rtol=1e-5, atol=1e-6
        )
        assert np.isfinite(inputs(dataset)).all()


def test_many_classes_are_summarised_shortly():
    frame = FRAME.assign(code=[f"{'long ' * 10}{row % 30}" for row in range(ROWS)])
    summary = made(frame, targets="code").tasks[0].summary
    assert "one of 30 classes" in summary and summary.endswith(", …") and len(summary) < 400


def test_a_constant_target_is_refused():
    refused("'always'", "'7' in every row", "choose another target", targets="price,always")


def test_a_target_without_any_label_is_refused():
    refused("'none'", "empty in every row", frame=FRAME.assign(none=np.nan), targets="none")


def test_a_target_without_labels_in_a_split_is_refused():
    for name in ("price", "heating"):
        early = FRAME.assign(**{name: FRAME[name].where(np.arange(ROWS) < ROWS * 0.8)})
        refused("test split", f"'{name}'", frame=early, split="time")
        late = FRAME.assign(**{name: FRAME[name].where(np.arange(ROWS) >= ROWS * 0.6)})
        refused("in training", f"'{name}'", frame=late, split="time")


def test_a_number_that_never_differs_in_training_is_refused():
    frame = FRAME.assign(price=np.maximum(np.arange(ROWS) - ROWS * 0.6, 0) + 5.5)
    refused("'price' is 5.5 in every training row", "another split", frame=frame, split="time")


def test_text_where_numbers_are_expected_is_refused():
    mistyped = FRAME.assign(area=FRAME["area"].astype("str").fillna("").where(FRAME.index != 16, "abc"))
    refused("'area'", "row 17", "'abc'", frame=tidied(mistyped))
    refused("'heating'", "row 2", kinds="heating=number")


def test_an_identifier_among_the_inputs_is_refused():
    frame = FRAME.assign(id=np.arange(ROWS, dtype=float), code=[f"x{row}" for row in range(ROWS)])
    refused("'id'", "identifier", "--leave-out id", "Nor can these be used so: code.", frame=frame)
    assert made(frame, leave_out="id,code").input_shape == made().input_shape


@pytest.mark.parametrize("place", [ROWS - 1, int(ROWS * 0.7)])
def test_a_class_that_is_never_seen_in_training_is_refused(place):
    frame = FRAME.assign(heating=FRAME["heating"].where(FRAME.index != place, "solar"))
    split = "test" if place == ROWS - 1 else "validation"
    refused("'solar'", f"1 row of the {split} split", "never in training", "merge", frame=frame, split="time")


def test_one_row_is_refused():
    refused("1 row ", "at least 20", frame=FRAME[:1])


def test_ten_thousand_columns_are_refused():
    refused("10,000 columns", "at most 5,000", frame=pd.DataFrame(np.zeros((30, 10_000))))


def test_an_unknown_column_is_refused():
    refused("'prise'", "Did you mean 'price'?", targets="prise")


@pytest.mark.parametrize("targets", ["", ",", " "])
def test_no_target_is_refused(targets):
    refused("no target", "--targets price,sold", targets=targets)


def test_a_table_of_targets_alone_is_refused():
    refused("no input", "leave out fewer", frame=FRAME[["price", "sold", "always"]], targets="price,sold")


def test_too_many_inputs_are_refused(monkeypatch):
    monkeypatch.setattr(encoding, "MOST_INPUTS", 500)
    refused("more than 500 input numbers", "'town'", "leave out")
