"""How a network is built: every choice, checked at the door. Needs no torch."""

from dataclasses import dataclass

from engine import catalog
from engine.checks import check_fields

RANGES = {
    "width": (int, 1, 16_384),
    "depth": (int, 1, 64),
    "dropout": (float, 0.0, 0.95),
    "tie_strength": (float, 0.0, 1000.0),
    "own_share": (float, 0.0, 1.0),
    "relation_rate": (float, 0.0, 10.0),
    "sparsity": (float, 0.0, 1000.0),
    "sharing": (float, 0.0, 1000.0),
    "entropy": (float, 0.0, 1000.0),
    "warm_up": (float, 0.0, 0.9),
    "settle": (float, 0.05, 1.0),
}
CHOICES = {
    "batch_norm": (False, True),
    "tie": ("l2", "trace_norm"),
}


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Attributes:
    architecture: in the catalog.
    trunk: the backbone of stages: in the catalog, or ``module:function`` of one's own, called with the shape of one
        input, that returns a list of modules, the stages.
    heads: empty for linear ones, or ``module:function`` of one's own, called with a task and the shape of the last
        stage's output, that returns a module.
    width, depth, dropout, batch_norm: of a trunk in the catalog.
    tie, tie_strength: of ``soft_sharing``: what draws the towers together (``l2`` or ``trace_norm``), and how much.
    own_share: of ``cross_stitch`` and ``nddr``: the weight with which a tower's own features begin; the others share
        the rest evenly.
    relation_rate: of ``cross_stitch``, ``adashare`` and ``mtl_nas``: the learning rate of the parameters that relate
        tasks, which Adam trains whatever trains the network, as their gradients are of quite another size.
    sparsity, sharing: of ``adashare``: weights of the losses that ask for few blocks, and for the same ones.
    entropy: of ``mtl_nas``: weight of the loss that asks every edge to be all or nothing.
    warm_up: of ``adashare`` and ``mtl_nas``: share of the training before the search begins.
    settle: of ``adashare`` and ``mtl_nas``: share of the training after which the choice is fixed; 1: never.
    """

    architecture: str = "hard_sharing"
    trunk: str = "mlp"
    heads: str = ""
    width: int = 64
    depth: int = 2
    dropout: float = 0.0
    batch_norm: bool = False
    tie: str = "l2"
    tie_strength: float = 0.01
    own_share: float = 0.9
    relation_rate: float = 0.01
    sparsity: float = 0.05
    sharing: float = 0.05
    entropy: float = 0.1
    warm_up: float = 0.1
    settle: float = 0.6

    def __post_init__(self) -> None:
        catalog.find("architecture", self.architecture)
        for kind, name in (("trunk", self.trunk), ("head", self.heads)):
            if name:
                catalog.find_or_own(kind, name)
        check_fields(self, RANGES, CHOICES)
