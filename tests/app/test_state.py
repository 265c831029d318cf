import pytest
from streamlit.testing.v1 import AppTest

from app.state import _PARAMETERS

# each choice with a value that differs from its default, with the characters that a URL finds hard
VALUES = {
    "language": "zh",
    "tour": 3,
    "run": "yeast-1",
    "interval": (10, 250),
    "mode": "step",
    "order": "cluster",
    "scale": "target",
    "unsure": False,
    "reading": "mixing",
    "pair": ("a~b & c", '<b>"x"</b>'),
    "cut": 4,
    "node": "ü/?",
    "group": ("a,b", "c"),
    "threshold": 0.25,
    "top": 7,
    "curves": ("a,b", "c"),
    "serve": ("a,b", "c"),
    "aggregate": "sum",
    "singleton": "-0.5",
    "budget": 2.5,
    "together": (("a,b", "c"), ('<b>"x"</b>', "ü/?", "d")),
    "apart": (("a,b", "c"),),
    "exclude": ("a & b",),
    "pin": (("a,b", ("a,b", "ü/?")),),
    "weights": (("a,b", 2.0), ("c", 0.5)),
    "max_size": 3,
    "auxiliaries": 0,
    "half": True,
    "robust": "tenth",
    "moments": "around",
    "study": "yeast & digits",
    "study_part": "groupings",
    "loss_split": "early_stopped",
    "gain_over": "full",
    "study_budget": 2.5,
    "way": "Grad-TAG",
    "beside": '<b>"x"</b>',
    "verify_part": "flow",
    "predictor": "surrogate",
    "every_set": False,
    "replayed": 7,
    "foretold": "unknown",
    "sweep": "yeast & digits",
    "split": "test",
    "part": "first",
    "other": "seeds:yeast-2",
    "other_reading": "affinity",
    "other_part": "second",
    "difference": "rank",
    "runs": ("seeds:a,b", '<b>"x"</b>', "c"),
    "baseline": "seeds:a,b",
    "every_setting": True,
    "final": "losses",
    "curve_of": '<b>"x"</b>',
    "measure": "difference",
    "against": "bytes",
    "shown_runs": 100,
    "dataset": "digit_pairs",
    "samples_of": "test",
    "data_part": 3,
    "samples_page": 2,
    "table": "0123456789abcdef-houses.csv",
    "targets": ("price, in £", '<b>"x"</b>'),
    "kinds": (("a,b", "category"), ('"x"', "time")),
    "leave_out": ("a & b",),
    "row_split": "group",
    "split_by": "ü/?",
}


def test_every_choice_survives_the_url():
    assert VALUES.keys() == _PARAMETERS.keys()
    for name, value in VALUES.items():
        assert _PARAMETERS[name].parse(_PARAMETERS[name].write(value)) == value
    assert _PARAMETERS["interval"].parse(_PARAMETERS["interval"].write((10, None))) == (10, None)


@pytest.mark.parametrize(
    ("name", "text"),
    [("interval", "x-y"), ("mode", "never"), ("threshold", "2"), ("threshold", "nan"), ("pair", '["a"]'), ("pair", "{"),
     ("serve", '"a"'), ("singleton", "maybe"), ("budget", "three"),
     ("unsure", "perhaps"), ("budget", "nan"), ("budget", "-1"), ("together", '[["a"]]'), ("together", '[["a","a"]]'),
     ("together", "3"), ("apart", '["ab"]'), ("exclude", '{"a":1}'), ("pin", '["a"]'), ("pin", '{"a":"b"}'),
     ("weights", '{"a":0}'), ("weights", '{"a":"x"}'), ("weights", '{"a":[1]}'), ("weights", '{"a":Infinity}'),
     ("reading", "nearness"), ("part", "third"), ("other_reading", ""), ("other_part", "0"), ("difference", "log"),
     ("study_part", "all"), ("loss_split", "train"), ("gain_over", "quarter"), ("study_budget", "nan"), ("way", "luck"),
     ("measure", "gain"), ("against", "time"),
     ("max_size", "0"), ("auxiliaries", "-1"), ("half", "full"), ("robust", "best"),
     ("dataset", "moons"), ("samples_of", "all"), ("data_part", "-1"), ("samples_page", "0"), ("targets", '"a"'),
     ("kinds", '["a"]'), ("kinds", '{"a":1}'), ("leave_out", "{"), ("row_split", "fair")],
)  # fmt: skip
def test_an_address_that_cannot_be_read_leaves_the_default(name, text):
    app = AppTest.from_string(
        f"import streamlit as st\nfrom app import state\nstate.read_url()\nst.text(state.get('{name}'))"
    )
    app.query_params[name] = text
    app.run()
    assert not app.exception
    assert app.text[0].value == str(_PARAMETERS[name].default)


def test_another_run_forgets_what_was_chosen_within_the_last_one():
    script = (
        "import streamlit as st\nfrom app import state\n"
        "state.choose_run('one'); state.put('budget', 5); state.put('scale', 'target')\n"
        "state.choose_run('one'); st.text(state.get('budget'))\n"
        "state.choose_run('two'); st.text(state.get('budget')); st.text(state.get('scale'))\n"
    )
    assert [text.value for text in AppTest.from_string(script).run().text] == ["5", "None", "target"]
