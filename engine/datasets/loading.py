"""From the settings to a data set: one of the catalog, or one of the user's own."""

from collections.abc import Iterable
from dataclasses import fields

from engine import catalog
from engine.datasets.dataset import Dataset
from engine.datasets.settings import DataSettings
from engine.errors import KindredError


def load_dataset(settings: DataSettings) -> Dataset:
    """The data set that the settings name, whole.

    Raises:
        KindredError: if it cannot be had, or is not as it must be.
    """
    make = catalog.load_or_own("dataset", settings.dataset)
    if ":" not in settings.dataset:
        return make(settings)
    dataset = make()
    if not isinstance(dataset, Dataset):
        raise KindredError(
            f"The data set {settings.dataset!r} returned {type(dataset).__name__}; it must return an "
            "engine.datasets.dataset.Dataset, as split_randomly and together of that module make."
        )
    return dataset


def data_of(settings: DataSettings) -> DataSettings:
    """The settings of the data alone, of a run's: what two runs on the same data have in common."""
    return DataSettings(**{field.name: getattr(settings, field.name) for field in fields(DataSettings)})


def offers(dataset: Dataset) -> Iterable[str]:
    """What the data set gives that methods of the catalog may need."""
    if len(dataset.input_shape) == 3:
        yield catalog.IMAGES
    if len(dataset.train) == 1:
        yield catalog.ONE_INPUT
