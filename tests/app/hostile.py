"""Names that would do something if a page, a chart or a spreadsheet took them for more than text."""

import numpy as np

from engine.affinity.matrix import AffinityMatrix
from engine.runs.config import RunConfig
from engine.runs.store import Store
from engine.runs.sweep import prepare
from engine.tasks import Evaluation
from tests.app.views.stored import learned, readings, windows
from tests.app.views.stored_models import curves, federated, linear, rounds
from tests.app.views.studied import studied

NAME = "<img src=x onerror=\"window.hacked='run'\">"
TASKS = (
    "<b onmouseover=\"window.hacked='task'\">bold</b>",
    "=cmd()",
    "[a](javascript:window.hacked='link')",
    "$x^2$",
    ":red[r] **s** `t` %{x}",
)
MARKS = ("<img", "<b onm", "](javascript", "$x^2$", ":red[r]", "**s**", "`t`")  # as they stand in the names
CELLS = ("=cmd()", "+1+cmd()", "-1+cmd()", "@sum(1)", "\t=1", "\r=1", " =1", "＝1", "a;=1", "a\n=1")


def filled(store: Store) -> dict[str, str]:
    """A run of every kind with such names, and a group of seeds; their ids by kind."""
    found = {
        "network": learned(store, TASKS, conflicts=True),
        "study": studied(store, tasks=TASKS[:3], observe=True),
        "linear": linear(store, content=curves(tasks=TASKS), error=NAME),
        "federated": federated(store, content=rounds(clients=TASKS)),
        "failed": learned(store, TASKS, status="failed"),
    }
    for number, run_id in enumerate(store.create_seeds(RunConfig("yeast"), NAME, 2)):
        found["affinity" if not number else "other"] = run_id
        columns = {"tasks": list(TASKS), "metrics": [NAME] * 5, "step": 120, "steps": 120, "status": "finished"}
        text = {"note": NAME, "error": NAME, "quantity": NAME}
        token = store.claim(run_id)
        store.write(run_id, token, windows(number), readings=readings(number, "gradient_cosine"), **columns, **text)
    (run_id, *_) = prepare(store, NAME, RunConfig("yeast", epochs=1, affinity="none"), 1)
    each = [Evaluation(9, split, np.float32([1.0]), np.float32([0.5])) for split in ("validation", "test")]
    columns = {"tasks": [TASKS[0]], "metrics": ["accuracy"], "status": "finished", "step_seconds": 0.5}
    store.write(run_id, store.claim(run_id), (), each, **columns)
    config = RunConfig("table", table=f"/tmp/{NAME}.csv", targets='"' + '","'.join(TASKS[1:4]) + '"', leave_out="`t`")
    found["table"] = store.create(config, NAME)
    for run_id in found.values():
        store.rename(run_id, NAME)
    matrix = AffinityMatrix(TASKS, np.random.default_rng(0).normal(size=(5, 5)))
    return found | {"matrix": store.add_matrix(matrix, NAME, source=NAME, quantity=NAME)}
