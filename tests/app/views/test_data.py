"""The Data page: data sets looked at."""

import pytest

from engine import catalog, paths
from engine.datasets.loading import load_dataset
from engine.datasets.settings import DataSettings

ON_DISK = ("celeba", "taskonomy", "nyuv2")
BUNDLED = [entry.name for entry in catalog.entries("dataset") if entry.name not in (*ON_DISK, "table")]


def tasks(app):
    return next(each.value for each in app.dataframe if "task" in each.value).set_index("task")


def said(app):
    kinds = (app.caption, app.markdown, app.info, app.error, app.warning)
    return " ".join(each.value for kind in kinds for each in kind).replace("\\", "")


def button(app, label):
    return next(each for each in app.button if each.label == label)


def chosen(app, name):
    """A choice of the session."""
    return app.session_state[f"choice:{name}"]


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_data_set_shows_its_tasks_and_sizes(show, name):
    app = show("data", dataset=name)
    assert not app.exception and not app.error
    data = load_dataset(DataSettings(name, images=60))
    table = tasks(app)
    assert table.index.tolist() == [task.name for task in data.tasks]
    assert table["metric"].tolist() == [task.metric for task in data.tasks]
    assert (table["known"] == 100).all() and all(table["distribution"].map(len) > 1)
    shared = "All tasks share their inputs." if len(data.train) == 1 else "Each task has inputs of its own."
    assert shared in said(app)
    sizes = said(app).replace("**", "") + " ".join(each.label for each in app.expander)
    assert f"{sum(map(len, data.train)):,} for training" in sizes


@pytest.mark.parametrize(
    ("name", "shown"), [("digits", 12), ("digit_pairs", 27), ("digit_mix", 27), ("rooms", 4 * 11), ("yeast", 0)]
)
def test_images_are_pictures_and_dense_tasks_are_maps_beside_them(show, name, shown):
    assert len(show("data", dataset=name).image) == shown


def test_a_dense_task_of_a_part_is_shown_beside_its_input(show):
    app = show("data", dataset="digit_mix", data_part="2")
    assert app.selectbox[1].value == 2 and len(app.image) == 4 * 2


def test_samples_that_are_no_images_are_rows_with_labels_in_words(show):
    app = show("data", dataset="yeast", samples_of="test", samples_page="2")
    table = next(each.value for each in app.dataframe if "Class1" in each.value)
    labels = load_dataset(DataSettings("yeast")).test[0].labels["Class1"][20:40]
    assert table.index.tolist() == list(range(21, 41))
    assert table["Class1"].tolist() == ["yes" if label else "no" for label in labels]


def test_what_was_chosen_is_in_the_address_and_comes_back_from_it(show):
    app = show("data", dataset="digit_pairs")
    app.selectbox[1].set_value(3).run()
    app.segmented_control[0].set_value("validation").run()
    app.pagination[0].set_value(2).run()
    parameters = dict(app.query_params)
    assert parameters == {
        "dataset": "digit_pairs", "samples_of": "validation", "data_part": "3", "samples_page": "2"
    }  # fmt: skip
    again = show("data", **parameters)
    assert (again.selectbox[1].value, again.segmented_control[0].value) == (3, "validation")
    assert again.pagination[0].value == 2
    assert [each.value for each in again.markdown] == [each.value for each in app.markdown]


def test_another_split_and_another_data_set_begin_at_the_first_page(show):
    app = show("data", dataset="digits", samples_page="5")
    assert app.pagination[0].value == 5
    app.segmented_control[0].set_value("test").run()
    assert app.pagination[0].value == 1
    app.pagination[0].set_value(3).run()
    app.selectbox[0].set_value("river_flow").run()
    assert app.pagination[0].value == 1 and app.segmented_control[0].value == "train"


def test_an_address_beyond_the_last_page_or_part_shows_the_last(show):
    app = show("data", dataset="digit_mix", data_part="9")
    assert not app.exception and app.selectbox[1].value == 2
    app = show("data", dataset="digit_mix", samples_page="999")
    assert app.pagination[0].value == app.pagination[0].num_pages


def test_a_run_on_what_is_shown_is_launched_from_here(show, gone):
    app = show("data", dataset="rooms")
    button(app, "Launch a run on it").click().run()
    assert gone == ["runs"] and app.session_state["kept:launching"] is True
    assert chosen(app, "dataset") == "rooms"


@pytest.mark.parametrize("name", ON_DISK)
def test_what_must_be_got_first_teaches_from_where_and_to_where(show, name, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "DATA", tmp_path)
    app = show("data", dataset=name)
    assert not app.exception and not app.error
    assert "https://" in said(app) and str(tmp_path / name) in said(app)
    assert app.code and not any(each.label == "Launch a run on it" for each in app.button)


def test_a_folder_without_the_files_says_what_is_missing_and_teaches(show, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "DATA", tmp_path)
    (tmp_path / "celeba").mkdir()
    app = show("data", dataset="celeba")
    assert "list_attr_celeba.txt is neither in" in app.error[0].value.replace("\\", "")
    assert app.code


def test_a_visitor_names_no_folder_of_the_machine(show, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "DATA", tmp_path)
    app = show("data", dataset="celeba", folder="/etc")
    assert not app.text_input and "/etc" not in said(app)


@pytest.mark.parametrize("name", ["yeast", "digit_pairs", "rooms", "celeba"])
def test_the_page_is_told_in_chinese(show, name, monkeypatch, tmp_path):
    if name in ON_DISK:
        monkeypatch.setattr(paths, "DATA", tmp_path)
    app = show("data", dataset=name, language="zh")
    assert not app.exception and not app.error and app.title[0].value == "数据"
    assert ("只需两步" if name in ON_DISK else "个样本，共") in said(app)
    if name == "yeast":
        rows = next(each.value for each in app.dataframe if "Class1" in each.value)
        assert set(rows["Class1"]) <= {"是", "否"} and "输入 1" in rows and rows.index.name == "样本"
