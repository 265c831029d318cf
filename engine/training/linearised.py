"""Grad-TAG: the losses of every network estimated from the gradients of one network of all tasks, without training it.

The network of all tasks, with parameters θ*, is taken as the base. Near it every output is nearly linear in the shared
parameters: ``f_t(x; θ* + R w) ≈ f_t(x; θ*) + ⟨Rᵀ ∇f_t(x; θ*), w⟩``, with R a random projection from a few hundred
directions. Training the network of a set S of tasks from there is then a regression: one w, shared by the tasks of S,
that lowers their losses on training samples,

    w_S = argmin_w  Σ_{t ∈ S} mean_i loss_t(f_t(x_i) + ⟨φ_t(x_i), w⟩, y_i) + ridge · |S| · |w|²

which is convex for every loss there is, and small. The estimate is the mean loss of the linear model on validation
samples. Only differences between sets mean anything: all start from a network that has seen every task. Even these are
too large: the regression overfits a task alone most, which no early stopping prevents, so that company seems to help.

Source: Li, Sharma and Zhang, "Scalable Multitask Learning Using Gradient-based Estimation of Task Affinity", KDD 2024,
algorithm 1, whose regression is logistic on samples of all tasks in the set. Differences: gradients are of the shared
parameters, not of the heads, which tasks do not share; losses other than the logistic one serve too, by L-BFGS; R is of
signs, one a parameter, in place of a Gaussian matrix, which would be larger than the network; the ridge is in the unit
of the mean squared feature, so that it means the same for every network, and fixed: validation samples are what is
estimated, and training samples held out would choose w = 0, as the base has been trained on them too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, jacrev, vmap

from engine.datasets.dataset import NO_CLASS
from engine.errors import KindredError
from engine.studies.study import StudyNetwork
from engine.tasks import Task
from engine.training.feed import Part
from engine.training.losses import task_losses
from engine.training.session import Session

DIMENSIONS = 400
SAMPLES = 600  # of each task and split
PLACES = 8  # known labels of a sample, of a task with a map or several numbers, drawn anew for each sample
RIDGE = 0.01
STEPS = 60  # of L-BFGS
CHUNK, NUMBERS = 32, 2**22  # samples at most whose gradients are formed at a time, and numbers of these


@dataclass(frozen=True, eq=False)
class _Linear:
    """A task around the base, on some samples.

    Attributes:
        task: with one place a row.
        outputs: ``[rows, outputs]``, of the base.
        features: ``[rows, outputs, dimensions]``, projected gradients of these.
        labels: ``[rows]``.
    """

    task: Task
    outputs: Tensor
    features: Tensor
    labels: Tensor

    def loss(self, w: Tensor) -> Tensor:
        """The mean loss of the linear model."""
        name = self.task.name
        outputs = self.outputs + self.features @ w
        return task_losses([self.task], {name: outputs}, {name: self.labels}, [name])[name]


def linearised_losses(
    session: Session,
    networks: Sequence[StudyNetwork],
    *,
    dimensions: int = DIMENSIONS,
    samples: int = SAMPLES,
    ridge: float = RIDGE,
    seed: int = 0,
) -> np.ndarray:
    """The validation loss of every task in every network, as linearised around a trained network of all tasks.

    A sample of a map counts as much as any other, however many of its places have a label.

    Args:
        session: with that network; it is left as it is.
        networks: their sizes are not looked at, as the base has but one.
        dimensions: of the projection; with as many as there are shared parameters, these themselves.
        samples: of each task and split at most, drawn by the seed among those that have a label.
        ridge: relative to the mean square of the features, over all tasks of the session; not negative.
        seed: of the projection and the samples.

    Returns:
        ``[networks, tasks]``; lower is better, NaN where the network has no such task.

    Raises:
        KindredError: if tasks share no parameters, labels are made in training, or a network has a task that the
            session has not.
    """
    _check(session, networks)
    shared = {f"shared.{name}": each for name, each in session.model.shared.named_parameters()}
    sketch = _Sketch(sum(each.numel() for each in shared.values()), dimensions, torch.Generator().manual_seed(seed))
    session.model.eval()
    train, validation = (
        {task.name: _linearise(session, shared, task, split, samples, sketch, seed) for task in session.tasks}
        for split in ("train", "validation")
    )
    session.model.train()
    scale = torch.stack([each.features.square().mean() for each in train.values()]).mean()
    tasks = [task.name for task in session.tasks]
    found = np.full((len(networks), len(tasks)), np.nan)
    fitted: dict[tuple[str, ...], Tensor] = {}
    for row, network in enumerate(networks):
        if network.tasks not in fitted:
            fitted[network.tasks] = _fit([train[task] for task in network.tasks], float(ridge * scale))
        for task in network.tasks:
            found[row, tasks.index(task)] = float(validation[task].loss(fitted[network.tasks]))
    return found


def _check(session: Session, networks: Sequence[StudyNetwork]) -> None:
    model = session.model
    if len(model.towers) > 1 or not any(True for _ in model.shared.parameters()):
        raise KindredError(
            f"The network {session.config.architecture!r} has no trunk that all tasks share, so that there is nothing "
            "to linearise; choose hard_sharing."
        )
    if session.auxiliary is not None:
        raise KindredError(
            f"The labels of {session.auxiliary.task.name!r} are made while the network trains, so that there are none "
            "to fit a linear model to; set auxiliary to none."
        )
    tasks = [task.name for task in session.tasks]
    for network in networks:
        for task in set(network.tasks).difference(tasks):
            raise KindredError(
                f"The network {network.name} holds {task!r}, but the base was trained on {', '.join(tasks)}; train it "
                "on every task that a network has."
            )


def _fit(members: Sequence[_Linear], ridge: float) -> Tensor:
    """The w of the least total loss of some tasks, and ridge."""
    w = torch.zeros(members[0].features.shape[-1], requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=STEPS, line_search_fn="strong_wolfe", tolerance_grad=1e-7)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = sum(each.loss(w) for each in members) + ridge * len(members) * w.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return w.detach()


@torch.no_grad()  # else every piece would keep what its gradients' own gradients take
def _linearise(
    session: Session, shared: dict[str, Tensor], task: Task, split: str, samples: int, sketch: "_Sketch", seed: int
) -> _Linear:
    """A task's outputs and sketched gradients on samples of a split whose labels are known."""
    part = next(each for each in session.parts[split] if task in each.tasks)
    single = Task(task.name, task.loss, task.outputs if task.loss == "cross_entropy" else 1)
    count = PLACES if task.dense else min(PLACES, task.outputs // single.outputs)
    of_a_sample = count * single.outputs * sum(each.numel() for each in shared.values())
    size = min(max(NUMBERS // of_a_sample, 1), CHUNK)
    generator = torch.Generator().manual_seed(seed)

    def outputs(parameters: dict[str, Tensor], inputs: Tensor, places: Tensor) -> Tensor:
        """``[places, outputs]`` of one sample."""
        found = functional_call(session.model, parameters, (inputs[None], [task]))[task.name]
        return found.reshape(single.outputs, -1).T[places]

    gradients = vmap(jacrev(outputs), (None, 0, 0))
    # Held in one piece from the start: small results kept between large gradients would scatter the memory of these.
    base = torch.empty(min(samples, len(part)), count, single.outputs)
    features = torch.empty(*base.shape, sketch.dimensions)
    wanted = torch.empty(base.shape[:2], dtype=torch.int64 if task.loss == "cross_entropy" else torch.float32)
    done = 0
    for inputs, labels, known in _labelled(part, task, samples, size, generator):
        places = torch.multinomial(known.double().cpu(), count, replacement=True, generator=generator).to(labels.device)
        rows = slice(done, done := done + len(inputs))
        base[rows] = vmap(outputs, (None, 0, 0))(shared, inputs, places)
        found = gradients(shared, inputs, places)
        features[rows] = sketch(torch.cat([each.flatten(3) for each in found.values()], -1))
        wanted[rows] = labels.gather(1, places)
    return _Linear(single, *(each[:done].flatten(0, 1) for each in (base, features, wanted)))


def _labelled(
    part: Part, task: Task, samples: int, size: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Inputs, labels ``[samples, places]`` and which of these are known, of samples that have one, in pieces.

    Args:
        samples: to draw in all, where there are so many.
        size: of a piece at most.
    """
    for indices in torch.randperm(len(part), generator=generator).split(size):
        batch = part.batch(indices)
        labels = batch.labels[task.name].reshape(len(indices), -1)
        known = labels != NO_CLASS if task.loss == "cross_entropy" else ~labels.isnan()
        some = known.any(1).nonzero().flatten()[:samples]
        samples -= len(some)
        if len(some):
            yield batch.inputs[some], labels[some], known[some]
        if not samples:
            return


class _Sketch:
    """A random projection that takes no memory of its own: every parameter is added to one direction, with a sign.

    Source: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.

    Args:
        parameters: how many there are.
        dimensions: directions; with as many as there are parameters, each has its own, and no sign.
        generator: of the draws.
    """

    def __init__(self, parameters: int, dimensions: int, generator: torch.Generator) -> None:
        self.dimensions = min(dimensions, parameters)
        if dimensions >= parameters:
            self._place, self._sign = torch.arange(parameters), torch.ones(parameters)
        else:
            self._place = torch.randint(dimensions, (parameters,), generator=generator)
            self._sign = torch.randint(2, (parameters,), generator=generator) * 2.0 - 1

    def __call__(self, gradients: Tensor) -> Tensor:
        """``[…, parameters]`` to ``[…, dimensions]``."""
        found = gradients.new_zeros(*gradients.shape[:-1], self.dimensions)
        place, sign = self._place.to(gradients.device), self._sign.to(gradients.device)
        return found.index_add(-1, place, gradients * sign)
