"""River flow (RF1): the flow at 8 sites of the Mississippi network 48 hours ahead; bundled in ``data/river_flow``.

Source: Spyromitros-Xioufis et al., "Multi-target regression via input space expansion: treating targets as inputs",
Machine Learning 104, 2016.
"""

import numpy as np
import pandas as pd

from engine.datasets.dataset import Dataset, divide, in_order, prepared, standardised
from engine.datasets.settings import DataSettings
from engine.paths import DATA
from engine.tasks import Task

AHEAD = "_48H__0"


def load(_: DataSettings) -> Dataset:
    """The data set, split by time: the first 60 % of the hours for training, then 20 % and 20 %.

    The inputs of a sample reach 60 hours back and its label 48 ahead, so that the last samples of a split and the first
    of the next look at the same hours, as at any forecast's boundary. The first 60 hours of both files lack older
    inputs and are left out.
    """
    files = [DATA / "river_flow" / f"rf1_{part}.parquet.brotli" for part in ("train", "test")]
    table = pd.concat([pd.read_parquet(file).dropna() for file in files])  # the second goes on where the first ends
    targets = [column for column in table.columns if column.endswith(AHEAD)]
    tasks = [
        Task(column.removesuffix(AHEAD), "squared_error", summary="flow at this site 48 hours ahead")
        for column in targets
    ]
    splits = in_order(np.arange(len(table)))
    inputs = standardised(table.drop(columns=targets).to_numpy(), splits[0], each=True)
    labels = {task.name: prepared(task, table[task.name + AHEAD].to_numpy(), splits[0]) for task in tasks}
    return Dataset("river_flow", tuple(tasks), *((part,) for part in divide(inputs, labels, splits)))
