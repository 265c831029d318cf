"""What every network design is: the parts it is built from, and what it can be asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import Parameter

from engine import catalog
from engine.architectures.backbone import Backbone
from engine.architectures.heads import Heads, OwnHeads
from engine.architectures.settings import NetworkSettings
from engine.errors import KindredError
from engine.tasks import Task

WEIGHT_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True)
class Blueprint:
    """What a design builds its network from.

    Attributes:
        tasks: in their order.
        input_shape: of one input, without the batch.
        settings: of the trunk, the heads and the design.
    """

    tasks: tuple[Task, ...]
    input_shape: tuple[int, ...]
    settings: NetworkSettings

    def backbone(self) -> Backbone:
        """A new backbone, with weights drawn anew.

        Raises:
            KindredError: if the trunk does not fit the inputs.
        """
        settings = self.settings
        make = catalog.load_or_own("trunk", settings.trunk)
        if ":" not in settings.trunk:
            return make(self.input_shape, settings.width, settings.depth, settings.dropout, settings.batch_norm)
        stages = make(self.input_shape)
        if not isinstance(stages, Sequence | nn.ModuleList) or not all(isinstance(each, nn.Module) for each in stages):
            raise KindredError(
                f"The trunk {settings.trunk!r} returned {type(stages).__name__}; it must return a list of modules, the "
                "stages, each of which takes what the one before gives."
            )
        try:
            return Backbone(stages, self.input_shape)
        except (RuntimeError, ValueError, TypeError) as error:
            raise KindredError(
                f"The trunk {settings.trunk!r} cannot run on an input of shape {self.input_shape}: {error}"
            ) from error

    def heads(self, shape: tuple[int, ...]) -> nn.Module:
        """New heads for features of that shape."""
        if not self.settings.heads:
            return Heads(self.tasks, shape, self.input_shape)
        make = catalog.load_or_own("head", self.settings.heads)
        layers = [make(task, shape) for task in self.tasks]
        for layer in layers:
            if not isinstance(layer, nn.Module):
                raise KindredError(
                    f"The head {self.settings.heads!r} returned {type(layer).__name__}; it must return a module for a "
                    "task and the shape of its features."
                )
        return OwnHeads(self.tasks, layers)


def _itself(rows: Tensor) -> Tensor:
    return rows


class Network(nn.Module):
    """A network for several tasks. A design gives ``features``; the rest has answers that a design may replace.

    Attributes:
        tasks: in their order.
        shared: the module, or the list of one tower a task, whose parameters several tasks' losses depend on: what a
            lookahead steps on, and what gradient methods work on. Without the parameters that mix or relate towers.
        heads: from one tensor of features a task to the tasks' outputs.
        common_last_layer: whether every task's loss depends on the last layer of the shared part, or of its towers.
        gathered: gives the rows of a whole batch for those of this process's share, where several processes train.
    """

    shared: nn.Module
    heads: nn.Module
    common_last_layer = True

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__()
        self.tasks = blueprint.tasks
        self._place = {task.name: place for place, task in enumerate(self.tasks)}
        self.gathered: Callable[[Tensor], Tensor] = _itself

    def features(self, inputs: Tensor, places: Sequence[int]) -> list[Tensor]:
        """What the heads of the tasks at ``places`` are given: one tensor a task; the same one where tasks share it."""
        raise TypeError(f"{type(self).__name__} must say what its heads are given.")

    def forward(self, inputs: Tensor, tasks: Sequence[Task] | None = None) -> dict[str, Tensor]:
        """Each task's output; of those given alone, where not all see these inputs."""
        places = [self._place[task.name] for task in (self.tasks if tasks is None else tasks)]
        return self.heads(self.features(inputs, places), places)

    @property
    def towers(self) -> list[nn.Module]:
        """The parts that run beside each other: one a task, or one for all."""
        return list(self.shared) if isinstance(self.shared, nn.ModuleList) else [self.shared]

    def last_shared(self) -> list[Parameter]:
        """The parameters of the last weight layer of every tower, as GradNorm takes them."""
        found = []
        for tower in self.towers:
            layers = [each for each in tower.modules() if isinstance(each, WEIGHT_LAYERS)]
            found += list(layers[-1].parameters()) if layers else list(tower.parameters())[-1:]
        return found

    def relation_parameters(self) -> list[Parameter]:
        """The parameters that relate tasks, which Adam trains at ``relation_rate``."""
        return []

    def joint_parameters(self) -> list[Parameter]:
        """All parameters that several tasks depend on, or that relate them."""
        return [*self.shared.parameters(), *self.relation_parameters()]

    def begin_step(self, progress: float) -> None:
        """Told before each update how much of the training is done, from 0 to 1: for what is annealed."""

    def regularizer(self) -> Tensor | None:
        """What is added to the losses, after the last forward pass; None for nothing."""
        return None

    def after_step(self, learning_rate: float) -> None:
        """Told after each update: for what moves parameters by itself, such as a proximal step."""

    def readings(self) -> dict[str, Tensor]:
        """How the network relates its tasks now: a name in the catalog → ``[source, target]``; higher: closer."""
        return {}

    def note(self) -> str:
        """What there is to say of the network as it is now; empty for nothing."""
        return ""
