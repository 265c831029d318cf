import inspect
import re
import threading

import pytest
from streamlit.testing.v1 import AppTest

from app.components import descriptions
from app.components.subject import GROUP
from app.views import runs_auxiliary, runs_network, runs_weighting
from app.views.runs_training import EPOCHS
from engine import catalog
from engine.architectures.settings import NetworkSettings
from engine.auxiliary.settings import AuxiliarySettings
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.descriptions import Description
from engine.weighting.settings import WeightingSettings

APPLY = {
    "lookahead": {"lookahead_step"},
    "first_order": {"block", "preconditioned"},
    "gradient_cosine": {"block"},
    "gradient_conflict": {"block"},
    "last_layer": {"columns", "metric"},
    "corrected": {"cheap", "correct_every"},
}
LABELS = {
    "Lookahead step": "lookahead_step",
    "Last shared tensors only": "block",
    "Preconditioned": "preconditioned",
    "Columns of the projection": "columns",
    "Fitted metric": "metric",
    "Cheap estimator": "cheap",
    "Exact every k-th observed update": "correct_every",
}
METHODS = {
    setting.label: setting.name
    for settings in (*runs_network.OWN.values(), *runs_weighting.OWN.values(), runs_auxiliary.OWN)
    for setting in settings
}
TASKS = {
    "digits": ({"digit": "cross_entropy", "odd": "binary_cross_entropy", "ink": "squared_error"}),
    "yeast": ({"Class1": "binary_cross_entropy", "Class2": "binary_cross_entropy"}),
}


class Described:
    """Stands in for the process that loads torch. A trunk of width 13 ends it; adashare needs two layers."""

    def __init__(self):
        self.asked = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def describe(self, configs):
        self.asked += configs
        assert self.may_answer.wait(20)
        if any(config.width == 13 for config in configs):
            raise KindredError("The process that computes costs ended without an answer.")
        return [self._one(config) for config in configs]

    @staticmethod
    def _one(config):
        tasks = tuple({"name": name, "loss": loss, "summary": ""} for name, loss in TASKS[config.dataset].items())
        if config.architecture == "adashare" and config.depth == 1:
            return Description(error="*AdaShare* needs a depth of at least 2.")
        place = [entry.name for entry in catalog.entries("architecture")].index(config.architecture)
        return Description(tasks, parameters=1000 * (place + 1), shared=0 if place == 1 else 500, snt=1 + place / 2)


@pytest.fixture
def described(monkeypatch):
    """The process that is asked, which here is none."""
    process = Described()
    monkeypatch.setattr(descriptions, "Describer", lambda: process)
    monkeypatch.setattr(descriptions, "PATIENCE", 5.0)
    for cache in (descriptions._asked, descriptions._describer):
        cache.clear()
    yield process
    process.may_answer.set()
    for cache in (descriptions._asked, descriptions._describer):
        cache.clear()


@pytest.fixture
def launched(monkeypatch):
    """Runs that the form launched, without their workers."""
    runs = []
    monkeypatch.setattr("app.components.editing.launch", lambda store, run_ids: runs.extend(run_ids))
    return runs


@pytest.fixture
def form(store, launched, described):
    """The launch form."""
    script = "from app.views import runs_launch\nruns_launch.launch_form()"
    return AppTest.from_string(script, default_timeout=30).run()


def widget(app, label):
    kinds = (app.text_input, app.number_input, app.selectbox, app.multiselect, app.checkbox, app.button)
    return next(each for kind in kinds for each in kind if each.label == label)


def labels(app):
    return {each.label for kind in (app.number_input, app.selectbox, app.checkbox) for each in kind}


def launch(app):
    widget(app, "Launch").click().run()
    assert not app.exception
    return app


def test_a_run_is_launched_with_the_chosen_settings(form, store, launched):
    widget(form, "Name").set_value("*mine*")
    widget(form, "Epochs").set_value(7)
    launch(form)
    (run_id,) = launched
    run = store.run(run_id)
    assert (run.name, run.status, run.group) == ("*mine*", "queued", "")
    assert RunConfig.from_json(run.config) == RunConfig("yeast", epochs=7)


def test_by_default_auto_observes_within_a_tenth_of_the_time(form, store, launched):
    assert "Observe every k-th update" not in labels(form)
    launch(form)
    config = store.run(launched[0]).config
    assert (config["affinity"], config["epochs"]) == ("auto", EPOCHS)
    assert config["overhead"] == pytest.approx(0.1)


def test_the_overhead_is_asked_in_percent(form, store, launched):
    widget(form, "Overhead in percent").set_value(2.5)
    launch(form)
    assert store.run(launched[0]).config["overhead"] == pytest.approx(0.025)


@pytest.mark.parametrize("estimator", [entry.name for entry in catalog.entries("estimator") if entry.name != "auto"])
def test_every_other_estimator_asks_for_its_own_settings_only(form, store, launched, estimator):
    widget(form, "Affinity estimator").set_value(estimator).run()
    summary = catalog.find("estimator", estimator).summary
    assert any(summary[1:] in caption.value.replace("\\", "") for caption in form.caption)
    assert "Overhead in percent" not in labels(form)
    assert {LABELS[label] for label in labels(form) & LABELS.keys()} == APPLY.get(estimator, set())
    widget(form, "Observe every k-th update").set_value(3)
    launch(form)
    config = store.run(launched[0]).config
    assert (config["affinity"], config["every"]) == (estimator, 3)


def test_settings_of_an_estimator_reach_the_run(form, store, launched):
    widget(form, "Affinity estimator").set_value("corrected").run()
    widget(form, "Cheap estimator").set_value("first_order")
    widget(form, "Exact every k-th observed update").set_value(25)
    launch(form)
    config = store.run(launched[0]).config
    assert (config["cheap"], config["correct_every"]) == ("first_order", 25)


def test_a_run_may_observe_nothing(form, store, launched):
    widget(form, "Affinity estimator").set_value("none").run()
    launch(form)
    assert store.run(launched[0]).config["affinity"] == "none"


def test_several_seeds_become_one_group_and_are_shown_as_such(form, store, launched):
    widget(form, "Name").set_value("mine")
    widget(form, "Seed").set_value(5)
    widget(form, "Number of seeds").set_value(3)
    app = launch(form)
    runs = [store.run(run_id) for run_id in launched]
    assert [run.config["seed"] for run in runs] == [5, 6, 7]
    assert [run.name for run in runs] == ["mine · seed 5", "mine · seed 6", "mine · seed 7"]
    assert {run.group for run in runs} == {launched[0]}
    assert app.session_state["choice:run"] == GROUP + launched[0]


@pytest.mark.parametrize("kind", ["network", "study", "linear", "federated"])
def test_the_form_is_in_the_reader_s_language_but_for_names(store, launched, described, kind):
    script = (
        "from app import state\nfrom app.views import runs_launch\nfrom engine.texts import speaking\n"
        f"state.keep('launch-kind', {kind!r})\nwith speaking('zh'):\n    runs_launch.launch_form()"
    )
    app = AppTest.from_string(script, default_timeout=30).run()
    assert not app.exception
    kinds = (app.text_input, app.number_input, app.selectbox, app.multiselect, app.checkbox, app.button, app.expander)
    widgets = [each for kind in kinds for each in kind]
    foreign = {each.label for each in widgets if not re.search("[\u4e00-\u9fff]", each.label)}
    assert len(widgets) > 8 and foreign <= {"Dropout", "BatchNorm"}
    assert all(re.search("[\u4e00-\u9fff]", each.value) for each in (*app.caption, *app.markdown))
    helps = [each.help for each in widgets if getattr(each, "help", "")]
    assert all(re.search("[\u4e00-\u9fff]", each) for each in helps)


def test_bad_settings_are_one_sentence_and_cannot_be_launched(form, store, launched, monkeypatch):
    monkeypatch.setattr("engine.runs.config._RANGES", {"epochs": (int, 1, 30)})
    form.run()
    assert f"Epochs is {EPOCHS}" in form.error[0].value.replace("\\", "")
    assert widget(form, "Launch").disabled
    assert launched == [] and all(run.origin == "published" for run in store.runs())


def choose(app, label, value):
    widget(app, label).set_value(value).run()
    assert not app.exception
    return app


def options(app, label):
    return set(widget(app, label).options)


def said(app):
    return " ".join(each.value for each in (*app.caption, *app.markdown)).replace("\\", "")


def documented(settings):
    """setting → the methods that its description says it is of."""
    found = {}
    for line in re.sub(r"\n\s{8}", " ", inspect.getdoc(settings)).splitlines():
        match = re.match(r"\s*([\w, ]+): of (``\w+``(?:(?:, | and )``\w+``)*):", line)
        for name in match[1].split(", ") if match else ():
            found[name] = set(re.findall(r"``(\w+)``", match[2]))
    return found


def of(method, settings):
    return {name for name, methods in documented(settings).items() if method in methods}


def asked_settings(app):
    return {METHODS[label] for label in labels(app) & METHODS.keys()}


def test_the_descriptions_of_the_settings_name_every_method_that_has_some():
    assert len(documented(NetworkSettings)) == 9 and len(documented(WeightingSettings)) == 7
    assert set.union(*documented(AuxiliarySettings).values()) == {"maxl"}


@pytest.mark.parametrize("architecture", [entry.name for entry in catalog.entries("architecture")])
def test_every_architecture_asks_for_its_own_settings_only(form, store, launched, architecture):
    choose(form, "Architecture", architecture)
    assert asked_settings(form) == of(architecture, NetworkSettings)
    entry = catalog.find("architecture", architecture)
    assert f"{entry.summary[1:]} ({entry.paper}). It has {entry.cost}." in said(form)
    launch(form)
    assert store.run(launched[0]).config["architecture"] == architecture


@pytest.mark.parametrize("weighting", [entry.name for entry in catalog.entries("weighting")])
def test_every_weighting_asks_for_its_own_settings_only(form, store, launched, weighting):
    choose(form, "Weighting", weighting)
    assert asked_settings(form) == of(weighting, WeightingSettings)
    entry = catalog.find("weighting", weighting)
    paper = f" ({entry.paper})" if entry.paper else ""
    assert entry.cost and f"{entry.summary[1:]}{paper}. An update takes {entry.cost}." in said(form)
    launch(form)
    assert store.run(launched[0]).config["weighting"] == weighting


@pytest.mark.parametrize("architecture", [entry.name for entry in catalog.entries("architecture")])
def test_only_what_fits_the_architecture_is_offered(form, architecture):
    choose(form, "Architecture", architecture)
    for label, kind, field in (
        ("Weighting", "weighting", "weighting"),
        ("Affinity estimator", "estimator", "affinity"),
    ):
        fitting = {entry.name for entry in catalog.entries(kind) if fits(architecture, field, entry.name)}
        assert options(form, label) - {"none"} == fitting
        for name in {entry.name for entry in catalog.entries(kind)} - fitting:
            assert re.search(rf"Not with {architecture}: [\w, ]*\b{name}\b", said(form))


def fits(architecture, field, name):
    try:
        # first_order, as what corrected works with is asked apart
        RunConfig("digits", architecture=architecture, cheap="first_order", **{"affinity": "none", field: name})
    except KindredError:
        return False
    return True


def test_what_does_not_fit_another_architecture_gives_way(form, store, launched):
    choose(form, "Weighting", "pcgrad")
    choose(form, "Architecture", "soft_sharing")
    assert (widget(form, "Weighting").value, widget(form, "Affinity estimator").value) == ("equal", "none")
    launch(form)
    config = store.run(launched[0]).config
    assert (config["weighting"], config["affinity"], config["tie"]) == ("equal", "none", "l2")


def test_a_trunk_is_offered_only_to_a_data_set_that_suits_it(form, store, launched):
    assert options(form, "Trunk") == {"mlp"}
    choose(form, "Data set", "digits")
    assert options(form, "Trunk") == {"mlp", "convolutional", "encoder"}
    assert widget(form, "Trunk").value == "convolutional"
    choose(form, "Trunk", "encoder")
    choose(form, "Data set", "yeast")
    assert widget(form, "Trunk").value == "mlp"


def test_settings_of_the_network_and_the_weighting_reach_the_run(form, store, launched):
    choose(form, "Architecture", "mtl_nas")
    choose(form, "Weighting", "gradnorm")
    for label, value in (("Width", 16), ("Depth", 3), ("Dropout", 0.25), ("Entropy", 0.5), ("Asymmetry α", 0.75)):
        widget(form, label).set_value(value)
    widget(form, "BatchNorm").check()
    launch(form)
    expected = RunConfig("yeast", architecture="mtl_nas", weighting="gradnorm", width=16, depth=3, dropout=0.25,
                         entropy=0.5, asymmetry=0.75, batch_norm=True, epochs=EPOCHS)  # fmt: skip
    assert RunConfig.from_json(store.run(launched[0]).config) == expected


def test_momentum_is_asked_of_sgd_only(form, store, launched):
    widget(form, "Momentum").set_value(0.5)
    choose(form, "Optimiser", "adam")
    assert "Momentum" not in labels(form)
    launch(form)
    assert store.run(launched[0]).config["momentum"] == 0


def test_primary_tasks_are_those_of_the_data_set_and_reach_the_run_in_its_order(form, store, launched):
    choose(form, "Data set", "digits")
    assert widget(form, "Primary tasks").options == ["digit", "odd", "ink"]
    choose(form, "Primary tasks", ["ink", "digit"])
    launch(form)
    assert store.run(launched[0]).config["primary"] == "digit,ink"


def test_naming_all_tasks_as_primary_names_none(form, store, launched):
    choose(form, "Primary tasks", ["Class1", "Class2"])
    launch(form)
    assert store.run(launched[0]).config["primary"] == ""


@pytest.mark.parametrize(
    ("primary", "able"),
    [([], False), (["digit"], True), (["odd"], True), (["ink"], False), (["digit", "odd"], False)],
)
def test_maxl_is_offered_where_exactly_one_classification_is_primary(form, primary, able):
    choose(form, "Data set", "digits")
    choose(form, "Primary tasks", primary)
    assert options(form, "Generated auxiliary task") == ({"none", "maxl"} if able else {"none"})
    assert ("exactly one classification" in said(form)) != able


def test_maxl_asks_for_its_settings_and_gives_way_where_it_no_longer_fits(form, store, launched, described):
    choose(form, "Data set", "digits")
    choose(form, "Primary tasks", ["digit"])
    assert asked_settings(form) == set()
    choose(form, "Generated auxiliary task", "maxl")
    assert asked_settings(form) == of("maxl", AuxiliarySettings) == {"subclasses", "label_entropy", "label_rate"}
    widget(form, "Generated classes").set_value(3).run()
    assert (described.asked[-1].auxiliary, described.asked[-1].subclasses) == ("maxl", 3)  # its cost is asked anew
    launch(form)
    config = store.run(launched[0]).config
    assert (config["primary"], config["auxiliary"], config["subclasses"]) == ("digit", "maxl", 3)
    choose(form, "Primary tasks", ["digit", "ink"])
    launch(form)
    assert store.run(launched[1]).config["auxiliary"] == "none"


def test_the_network_s_cost_and_that_of_every_design_are_shown(form):
    choose(form, "Architecture", "soft_sharing")
    assert "**1.5 SNT** · **2,000** parameters, none shared" in said(form)
    table = form.table[0].value
    assert len(table) == len(catalog.entries("architecture"))
    assert table["SNT"].tolist()[:3] == ["1", "1.5", "2"]
    assert table["× hard sharing"].tolist()[:3] == ["1", "2", "3"]
    assert table["design"][1] == "**soft\\_sharing**"


def test_a_cost_is_asked_once_and_only_of_what_it_depends_on(form, described):
    before = len(described.asked)
    choose(form, "Weighting", "dwa")
    widget(form, "Epochs").set_value(3).run()
    assert len(described.asked) == before
    widget(form, "Width").set_value(32).run()
    assert {config.width for config in described.asked[before:]} == {32}
    again = len(described.asked)
    widget(form, "Width").set_value(64).run()
    assert len(described.asked) == again


def test_a_design_that_cannot_be_built_says_why_and_cannot_be_launched(form):
    widget(form, "Depth").set_value(1).run()
    assert not widget(form, "Launch").disabled  # hard sharing can be built
    assert form.table[0].value["SNT"][5] == "–" and "adashare cannot be built: *AdaShare* needs" in said(form)
    choose(form, "Architecture", "adashare")
    assert form.error[0].value.startswith("\\*AdaShare\\* needs a depth of at least 2")
    assert widget(form, "Launch").disabled
    widget(form, "Depth").set_value(2).run()
    assert not form.error and not widget(form, "Launch").disabled


def test_the_form_can_be_used_before_the_first_answer(store, launched, described, monkeypatch):
    monkeypatch.setattr(descriptions, "PATIENCE", 0.01)
    described.may_answer.clear()
    form = AppTest.from_string("from app.views import runs_launch\nruns_launch.launch_form()", default_timeout=30).run()
    assert "Computing what this network costs" in said(form) and not form.table
    assert widget(form, "Primary tasks").disabled
    choose(form, "Architecture", "mtan")
    launch(form)
    assert store.run(launched[0]).config["architecture"] == "mtan"
    described.may_answer.set()
    monkeypatch.setattr(descriptions, "PATIENCE", 5.0)
    form.run()
    assert form.table and not widget(form, "Primary tasks").disabled


def test_a_process_that_fails_is_said_once_and_does_not_keep_a_run_from_being_launched(form, launched):
    widget(form, "Width").set_value(13).run()
    (warning,) = form.warning
    assert "ended without an answer" in warning.value
    launch(form)
    assert len(launched) == 1
    widget(form, "Width").set_value(14).run()
    assert not form.warning and form.table
    widget(form, "Width").set_value(13).run()
    assert form.warning  # asked again, not remembered


def test_the_form_stays_open_until_it_has_launched_a_run(store, launched, described):
    script = "from app.views import runs_launch\nruns_launch.launch_button()"
    app = AppTest.from_string(script, default_timeout=30).run()
    assert not any(each.label == "Launch" for each in app.button)
    widget(app, "Launch a run").click().run()
    assert any(each.label == "Launch" for each in app.run().button)
    launch(app)
    assert not any(each.label == "Launch" for each in app.button) and len(launched) == 1
