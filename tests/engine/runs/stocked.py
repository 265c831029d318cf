"""A store with something in every table and every folder, and all that a store holds, to compare it by."""

import numpy as np
import sqlalchemy as sa

from engine.datasets.tables.keeping import keep
from engine.paths import files_within
from engine.runs import schema
from engine.runs.run import Event
from engine.runs.study_config import StudyConfig
from engine.tasks import Evaluation, TaskWeights
from tests.engine.runs import measured
from tests.engine.runs.writing import running, window

STUDY = StudyConfig("yeast", tasks="a,b")


def stock(store, runs=2, windows=200):
    """Finished runs with everything; their ids."""
    keep(b"a,b\n1,2\n", "mine.csv", store.tables)
    ids = []
    for number in range(runs):
        run_id, token = running(store)
        weights = [TaskWeights(place, place + 1, np.float32([1, np.nan])) for place in range(windows)]
        store.write(
            run_id,
            token,
            [window(place, place + 1, place + number) for place in range(windows)],
            [Evaluation(5, "test", np.float32([0.1, 0.2]), np.float32([np.nan, 0.5]))],
            readings={"mixing": [window(0, 9, number)]},
            weights=weights,
            artifacts={"notes": {"NaN": float("nan"), "text": "ä \u0000 \n", "list": [1, 2.5, None]}},
            events=[Event(1.5, "info", "begins ✓"), Event(2.5, "warning", "goes on")],
            status="finished",
            finished=1000.0 + number,
            note="<b>ü</b>",
        )
        written(store.files(run_id) / "worker.log", b"said\n")
        written(store.files(run_id) / "training" / "one.pt", bytes(range(256)) * 5000)
        ids.append(run_id)
    found = measured.keep(store, STUDY, measured.PAIR, [0.25, float("nan")], run=ids[0])
    written(store.networks / f"{found.key}.safetensors", b"weights")
    store.claim_measurement("claimed", STUDY.decisive, ids[0])
    return ids


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def content_of(database):
    """Every row of every table as text, but for the numbers that a database gives and claims, which are of a moment."""
    found = {}
    with database.reading() as connection:
        for table in schema.metadata.sorted_tables:
            columns = [column for column in table.c if column is not table.autoincrement_column]
            query = sa.select(*columns).order_by(*table.primary_key)
            if table is schema.measurements:
                query = query.where(table.c.content.is_not(None))
            found[table.name] = [repr(tuple(row)) for row in connection.execute(query)]
    assert all(found.values()) and found["runs"]
    return found


def files_of(database):
    """The content of every file by its place."""
    return {
        str(path.relative_to(database.files)): path.read_bytes()
        for path in files_within(database.files)
        if "@" not in str(path)
    }
