"""The problems of the affinity benchmark: data, trunk, batch, learning rate; and a loop that trains on them."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine import catalog
from engine.datasets.dataset import Samples
from engine.datasets.loading import load_dataset
from engine.datasets.settings import DataSettings
from engine.tasks import Task
from engine.training.feed import Part
from engine.training.losses import task_losses
from tests.engine.affinity.problems import TrunkAndHeads

SAMPLES = 3000
FACTORS = 10

Data = tuple[tuple[Task, ...], Part]
Trunk = tuple[nn.Module, int]


@dataclass(frozen=True)
class Problem:
    """Attributes:
    name: of the problem; its number of tasks is that of the data.
    steps: updates of a run.
    batch: samples an update, drawn with replacement.
    rate: learning rate of plain SGD on the sum of all losses.
    trunk: makes the shared module and tells the width of its output.
    data: makes tasks and training samples, the same ones every time.
    ranked: whether matrices are compared; otherwise only time and memory are measured.
    """

    name: str
    steps: int
    batch: int
    rate: float
    trunk: Callable[[], Trunk]
    data: Callable[[], Data]
    ranked: bool = True


class Training:
    """A model in training, update by update; the same seed gives the same trajectory whoever looks on."""

    def __init__(self, problem: Problem, seed: int, device: str) -> None:
        torch.manual_seed(seed)
        self.batch_size, self.device = problem.batch, torch.device(device)
        self.tasks, samples = problem.data()
        self.samples = samples
        self.model = TrunkAndHeads(self.tasks, *problem.trunk()).to(self.device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=problem.rate)
        self._draws = torch.Generator().manual_seed(seed)
        self.draw()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tasks."""
        return tuple(task.name for task in self.tasks)

    def draw(self) -> None:
        """Turn to the next batch."""
        chosen = torch.randint(len(self.samples), (self.batch_size,), generator=self._draws)
        batch = self.samples.batch(chosen)
        self._inputs, self._labels = batch.inputs, batch.labels

    def losses(self) -> dict[str, Tensor]:
        """Every task's loss on the present batch."""
        return task_losses(self.tasks, self.model(self._inputs), self._labels)

    def step(self, losses: dict[str, Tensor]) -> None:
        """The joint update."""
        self.optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        self.optimizer.step()


def _yeast() -> Data:
    dataset = load_dataset(DataSettings("yeast"))
    return dataset.tasks, Part(dataset.tasks, dataset.train[0], torch.device("cpu"))


def _mixtures(tasks: int, shape: tuple[int, ...]) -> Callable[[], Data]:
    """Pictures (or vectors) that mix ten patterns and noise; labels ask for sparse functions of the mixture.

    Each task depends on two or three of the ten factors by their value and on two by their square, with signs of its
    own, and a good part of it is noise: tasks with factors in common learn from each other, the others only share
    the trunk.
    """

    def make() -> Data:
        random = torch.Generator().manual_seed(0)

        def normal(*size: int) -> Tensor:
            return torch.randn(*size, generator=random)

        mixture = normal(SAMPLES, FACTORS)
        if len(shape) == 3:  # smooth patterns
            patterns = F.interpolate(normal(FACTORS, shape[0], 4, 4), size=shape[1:], mode="bilinear")
        else:
            patterns = normal(FACTORS, *shape)
        inputs = torch.tensordot(mixture, patterns, dims=1) + 0.7 * normal(SAMPLES, *shape)
        linear = normal(FACTORS, tasks) * (torch.rand(FACTORS, tasks, generator=random) < 0.25)
        squared = normal(FACTORS, tasks) * (torch.rand(FACTORS, tasks, generator=random) < 0.2)
        asked = mixture @ linear + 0.7 * (mixture**2 - 1) @ squared + normal(SAMPLES, tasks)
        named = tuple(Task(f"task {place:03d}", "binary_cross_entropy") for place in range(tasks))
        labels = {task.name: (asked[:, place] > 0).float().numpy() for place, task in enumerate(named)}
        return named, Part(named, Samples(inputs.numpy(), labels), torch.device("cpu"))

    return make


def _mlp(inputs: int, width: int) -> Callable[[], Trunk]:
    return lambda: (catalog.load("trunk", "mlp")((inputs,), width, 2, 0.0, False), width)


def _convolutional(batch_norm: bool = False) -> Callable[[], Trunk]:
    """Three convolutions of 32, 64 and 64 channels, pooled, and a linear layer at the end."""

    def block(given: int, made: int) -> list[nn.Module]:
        norm = [nn.BatchNorm2d(made)] if batch_norm else []
        return [nn.Conv2d(given, made, 3, padding=1), *norm, nn.ReLU()]

    def make() -> Trunk:
        layers = [*block(3, 32), nn.MaxPool2d(2), *block(32, 64), nn.MaxPool2d(2), *block(64, 64)]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(256, 128), nn.ReLU()), 128

    return make


class _Residual(nn.Module):
    def __init__(self, given: int, made: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(given, made, 3, stride, 1, bias=False), nn.BatchNorm2d(made), nn.ReLU(inplace=True)
        )
        self.second = nn.Sequential(nn.Conv2d(made, made, 3, 1, 1, bias=False), nn.BatchNorm2d(made))
        self.skip = nn.Identity()
        if stride > 1 or given != made:
            self.skip = nn.Sequential(nn.Conv2d(given, made, 1, stride, bias=False), nn.BatchNorm2d(made))

    def forward(self, inputs: Tensor) -> Tensor:
        return F.relu(self.second(self.first(inputs)) + self.skip(inputs))


def _resnet18() -> Trunk:
    """ResNet-18 with a first convolution for small pictures. Source: He et al., CVPR 2016."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    given = 64
    for made, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [_Residual(given, made, stride), _Residual(made, made, 1)]
        given = made
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), 512


ON_CPU = (
    Problem("yeast_mlp", 1000, 64, 0.05, _mlp(103, 64), _yeast),
    Problem("yeast_wide", 250, 256, 0.05, _mlp(103, 512), _yeast),
    Problem("conv_9", 500, 64, 0.05, _convolutional(), _mixtures(9, (3, 16, 16))),
    Problem("conv_40", 200, 64, 0.05, _convolutional(), _mixtures(40, (3, 16, 16))),
    Problem("batchnorm_9", 300, 64, 0.02, _convolutional(True), _mixtures(9, (3, 16, 16))),
    Problem("mlp_100", 300, 256, 0.02, _mlp(64, 512), _mixtures(100, (64,)), ranked=False),
)
ON_GPU = (
    Problem("resnet18_9", 300, 256, 0.05, _resnet18, _mixtures(9, (3, 64, 64))),
    Problem("resnet18_40", 150, 256, 0.05, _resnet18, _mixtures(40, (3, 64, 64))),
)
