"""Yeast: 14 binary tasks, the functional categories of 2,417 genes; bundled in ``data/yeast``.

Source: Elisseeff and Weston, "A kernel method for multi-labelled classification", NeurIPS 2001.
"""

import pandas as pd

from engine.datasets.dataset import Dataset, split_randomly
from engine.datasets.settings import DataSettings
from engine.paths import DATA
from engine.tasks import Task


def load(_: DataSettings) -> Dataset:
    """The data set, split 60/20/20."""
    table = pd.read_csv(DATA / "yeast" / "yeast.csv.gz")
    names = [column for column in table.columns if column.startswith("Class")]
    tasks = [Task(name, "binary_cross_entropy", summary="the gene has this function") for name in names]
    inputs = table.drop(columns=names).to_numpy()
    return split_randomly("yeast", tasks, inputs, {name: table[name].to_numpy() for name in names})
