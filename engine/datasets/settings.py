"""Which data a run is made on, and how an update draws from it. Needs no torch."""

from dataclasses import KW_ONLY, dataclass

from engine import catalog
from engine.checks import check_fields
from engine.errors import KindredError

RANGES = {
    "images": (int, 30, 1_000_000),
    "image_size": (int, 8, 1024),
    "samples": (int, 0, 2**31 - 1),
    "temperature": (float, 0.01, 1000.0),
    "parts_a_step": (int, 0, 10_000),
}
# Settings that some data sets alone have.
OF_SOME = {
    ("table",): ("table", "targets", "kinds", "leave_out", "split_by"),
    ("celeba", "taskonomy", "nyuv2"): ("folder",),
}
CHOICES = {
    "split": ("random", "group", "time"),
    "sampling": ("proportional", "uniform", "temperature"),
}


@dataclass(frozen=True)
class DataSettings:
    """A *part* is what shares its inputs: all tasks of most data sets, a single task where each has inputs of its own.

    Attributes:
        dataset: in the catalog, or ``module:function`` of one's own, called without arguments, that returns a
            ``Dataset``.
        folder: of ``celeba``, ``taskonomy`` and ``nyuv2``: where their files lie; empty: ``data/`` and the name.
        images, image_size: of ``rooms`` (how many scenes), and the rows and columns that images are brought to.
        table: of ``table``: the file, CSV, Parquet or NPZ.
        targets: of ``table``: the columns to predict, separated by commas.
        kinds: of ``table``: what columns are where the guess is wrong, as ``age=number,code=category``.
        leave_out: of ``table``: columns to leave out, separated by commas.
        split: of ``table``: ``random``, ``group`` (no value of the column ``split_by`` is in two splits) or ``time``
            (the last rows in the order of ``split_by``, or of the file, are tested on).
        split_by: of ``table``: the column of groups or times; it is no input.
        samples: training samples of each part at most, drawn by the seed; 0: all.
        sampling: how parts share an update: in ``proportional`` to their samples, ``uniform``, or between the two by
            ``temperature`` τ, in proportion to samples^(1/τ): 1 is proportional, large is uniform.
        parts_a_step: how many parts an update draws, with those chances, a batch of each; 0: it takes all, with batches
            whose sizes are in those proportions.
    """

    dataset: str
    _: KW_ONLY
    folder: str = ""
    images: int = 1000
    image_size: int = 64
    table: str = ""
    targets: str = ""
    kinds: str = ""
    leave_out: str = ""
    split: str = "random"
    split_by: str = ""
    samples: int = 0
    sampling: str = "proportional"
    temperature: float = 2.0
    parts_a_step: int = 0

    def __post_init__(self) -> None:
        catalog.find_or_own("dataset", self.dataset)
        check_fields(self, RANGES, CHOICES)
        for owners, names in OF_SOME.items():
            for name in names:
                if getattr(self, name) and self.dataset not in owners:
                    raise KindredError(
                        f"{name.replace('_', ' ').capitalize()} is {getattr(self, name)!r}, which means nothing for "
                        f"the data set {self.dataset!r}; it is for {', '.join(owners)}."
                    )
        if self.dataset == "table" and not (self.table and self.targets):
            raise KindredError(
                "The data set is a table, but no file or no target is given; name both, as in --table houses.csv "
                "--targets price,sold."
            )
