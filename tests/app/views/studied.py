"""A study with numbers of its own in a test's store."""

from engine.runs.store import Store
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Order
from tests.app.views.stored import windows
from tests.engine.runs.measured import keep

TASKS = ("a", "b", "c")


def studied(
    store: Store, status: str = "finished", measured: int | None = None, tasks: tuple[str, ...] = TASKS, **settings
) -> str:
    """A whole study of a few tasks, of which the first ``measured`` trainings are known; all where None.

    A task's validation loss is 1 alone at half size, 0.05 less at full size, and 0.1 less with every partner whose name
    comes before its own, but 0.1 more with every other one. With ``observe`` there are affinities of five tasks.
    """
    config = StudyConfig(dataset="yeast", **({"networks": "whole"} | settings))
    run_id = store.create(config, "mine")
    orders = config.orders(tasks)
    known = orders if measured is None else orders[:measured]
    for order in known:
        keep(store, config, order, [loss(task, order) for task in order.tasks], run=run_id)
    token = store.claim(run_id)
    found = windows(0) if config.observe else ()
    columns = {"tasks": list(tasks), "metrics": ["accuracy"] * len(tasks), "note": "12 SNT-epochs trained"}
    store.write(run_id, token, found, step=len(known), steps=len(orders), seconds_left=90.0, status=status, **columns)
    return run_id


def loss(task: str, order: Order) -> float:
    """In the network of an order."""
    company = sum((other > task) - (other < task) for other in order.tasks)
    return 1 - 0.05 * (order.cost == 1) + 0.1 * company + 0.01 * order.seed
