"""Hard parameter sharing: one trunk for all tasks, one linear head a task.

Source: Caruana, "Multitask Learning", Machine Learning 28, 1997.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from engine.tasks import Task


class HardSharing(nn.Module):
    """Any trunk, shared by all tasks, and a linear head for each.

    Attributes:
        trunk: the shared parameters; maps inputs to ``[batch, features]``.
        heads: one linear layer a task, in the order of ``tasks``. (Kept by position: a task may have any name.)
    """

    def __init__(self, tasks: Sequence[Task], trunk: nn.Module, features: int) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.trunk = trunk
        self.heads = nn.ModuleList(nn.Linear(features, task.outputs) for task in tasks)

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Each task's output ``[batch, task.outputs]``."""
        features = self.trunk(inputs)
        return {task.name: head(features) for task, head in zip(self.tasks, self.heads, strict=True)}

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters that every task's loss depends on."""
        return list(self.trunk.parameters())
