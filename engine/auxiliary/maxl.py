"""MAXL: an auxiliary classification whose labels a second network learns to give, so that the primary task gains.

Source: Liu, Davison and Johns, "Self-Supervised Generalisation with Meta Auxiliary Learning", NeurIPS 2019.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.architectures.network import Blueprint, Network
from engine.auxiliary.settings import AuxiliarySettings
from engine.errors import KindredError
from engine.tasks import Task
from engine.training.feed import Part
from engine.training.losses import task_losses

CHUNK = 4096  # samples labelled at once
LOOKED_AT = 2000  # samples of a split that `examples` sorts
SHOWN = 8  # of each generated class
THUMBNAIL = 32 * 32  # pixels at most
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def generated_task(primary: Task, subclasses: int) -> Task:
    """The task that MAXL adds: every class of the primary task, cut into ψ = ``subclasses``.

    >>> generated_task(Task("digit", "cross_entropy", 10), 5).outputs
    50

    Raises:
        KindredError: if the primary task gives no class to every sample.
    """
    classes = {"cross_entropy": primary.outputs, "binary_cross_entropy": 2}.get(primary.loss)
    if classes is None or primary.dense:
        kind = "dense" if primary.dense else f"trained on {primary.loss}"
        raise KindredError(
            f"The primary task {primary.name!r} is {kind}, but maxl cuts the classes of a classification into smaller "
            "ones; name a primary task with one class a sample (cross_entropy or binary_cross_entropy), or set "
            "auxiliary to none."
        )
    name = f"{primary.name} (generated)"
    return Task(name, "soft_cross_entropy", classes * subclasses, f"{subclasses} generated classes to each class")


def masked_softmax(logits: Tensor, classes: Tensor, subclasses: int) -> Tensor:
    """Softmax over the outputs of each sample's own class: of class c, those from c·ψ to (c + 1)·ψ − 1; 0 elsewhere.

    Exactly 0, where the authors' code has about 1e-8.

    Args:
        logits: ``[batch, classes · ψ]``.
        classes: ``[batch]``, the class numbers.
        subclasses: ψ.
    """
    owners = torch.arange(logits.shape[1], device=logits.device) // subclasses
    return logits.masked_fill(owners != classes[:, None], -torch.inf).softmax(1)


def collapse(labels: Tensor, subclasses: int) -> Tensor:
    """How unevenly a batch uses the generated classes: 0 all alike, log ψ only one to each class.

    With m_k the mean label over the batch, f_c = Σ_(k of c) m_k the share of class c, and q_c = m / f_c within it::

        H = Σ_c f_c KL(q_c ‖ uniform over ψ) = Σ_k m_k log m_k − Σ_c f_c log f_c + log ψ

    The first sum is the paper's entropy term (the KL divergence to uniform over all outputs, but for a constant); the
    rest does not depend on the generator, so that the gradient is the paper's.

    Args:
        labels: ``[batch, classes · ψ]``, as ``masked_softmax`` gives them.
        subclasses: ψ.
    """
    mean = labels.mean(0)
    share = mean.detach().view(-1, subclasses).sum(1)
    return _times_log(mean) - _times_log(share) + math.log(subclasses)


def _times_log(chances: Tensor) -> Tensor:
    """Σ p log p, with a finite gradient at 0."""
    return (chances * chances.clamp_min(torch.finfo(chances.dtype).tiny).log()).sum()


class LabelGenerator(nn.Module):
    """A backbone and a head of its own, as the network's, for the generated task alone.

    It stays in evaluation mode: without dropout, and with BatchNorm's running statistics, so that a sample's label does
    not depend on the others in its batch. (The authors' stays in training mode.)
    """

    def __init__(self, blueprint: Blueprint, task: Task) -> None:
        super().__init__()
        self.name = task.name
        self.backbone = blueprint.backbone()
        self.heads = replace(blueprint, tasks=(task,)).heads(self.backbone.shapes[-1])
        self.eval()

    def forward(self, inputs: Tensor) -> Tensor:
        """``[batch, classes · ψ]``: logits, before the mask."""
        return self.heads([self.backbone(inputs)], [0])[self.name]

    def move_statistics(self, inputs: Tensor) -> None:
        """Bring BatchNorm's running statistics nearer to those of a batch; nothing else."""
        norms = [module for module in self.modules() if isinstance(module, BATCH_NORMS)]
        if norms:
            for norm in norms:
                norm.train()
            with torch.no_grad():
                self(inputs)
            self.eval()


class Maxl:
    """The label generator and its training.

    Each update of the network is followed by one of the generator, from the same batch::

        θ⁺ = θ − η ∇_θ [L_primary(θ) + L_generated(θ, φ)]
        φ  ← φ − β Adam(∇_φ [L_primary(θ⁺) + λ H(φ)])

    θ are the network's parameters, φ the generator's, η the network's learning rate, β ``label_rate``, λ
    ``label_entropy``, H as in ``collapse``. The gradient passes through the gradient step (second order, exact).

    Departures from the authors:

    - They train the network for an epoch, then the generator for an epoch; here both take turns at every batch, so that
      labels and network are never an epoch apart, and a run can be resumed at any step.
    - Their primary loss is focal too; here it is the primary task's own, as the run reports it.
    - The step to θ⁺ is plain gradient descent on the two losses alone, whatever optimiser, weighting, regulariser and
      other tasks the run has. (Their later code adds the momentum, and replaces the second order by differences.)
    - The generator is trained by Adam, theirs by gradient descent. ∇_φ of the first loss carries the factor η and is
      small: descent at ten times their rate moved the labels by less than .02 in 15 epochs (digits, yeast).
    - No decay of weights and no schedule of the generator's rate.

    Args:
        blueprint: of the network; its tasks end with the generated one. The generator has the same trunk.
        settings: name the primary task, which is one of the blueprint's.
        device: where the generator is.

    Attributes:
        task: the generated one.
        primary: the task that it serves.
        subclasses: ψ.
        classes: of the primary task.
        generator: the label generator.
    """

    def __init__(self, blueprint: Blueprint, settings: AuxiliarySettings, device: torch.device) -> None:
        (name,) = settings.primary_tasks
        self.task = blueprint.tasks[-1]
        (self.primary,) = (task for task in blueprint.tasks if task.name == name)
        self.subclasses = settings.subclasses
        self.classes = self.task.outputs // self.subclasses
        self.generator = LabelGenerator(blueprint, self.task).to(device)
        self._entropy_weight = settings.label_entropy
        self._optimizer = torch.optim.Adam(self.generator.parameters(), lr=settings.label_rate)

    def labels(self, inputs: Tensor, labels: Mapping[str, Tensor]) -> Tensor:
        """``[batch, classes · ψ]``: the generated labels, distributions; without grad. Moves nothing, draws nothing.

        Args:
            inputs: ``[batch, …]``.
            labels: the primary task's among them.
        """
        classes = self._classes(labels)
        with torch.no_grad():
            parts = zip(inputs.split(CHUNK), classes.split(CHUNK), strict=True)
            return torch.cat([masked_softmax(self.generator(part), of, self.subclasses) for part, of in parts])

    def meta_loss(self, model: Network, inputs: Tensor, labels: Mapping[str, Tensor], learning_rate: float) -> Tensor:
        """``L_primary(θ⁺) + λ H``, with its graph down to the generator's parameters; arguments as of ``meta_step``."""
        parameters = dict(model.named_parameters())
        trained = {name: parameter for name, parameter in parameters.items() if parameter.requires_grad}
        generated = masked_softmax(self.generator(inputs), self._classes(labels), self.subclasses)
        wanted = {self.primary.name: labels[self.primary.name], self.task.name: generated}

        def losses(weights: dict[str, Tensor]) -> dict[str, Tensor]:
            buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
            with sdpa_kernel(SDPBackend.MATH):  # the fast kernels of attention have no second derivative
                outputs = functional_call(model, {**weights, **buffers}, (inputs,))
            return task_losses((self.primary, self.task), outputs, wanted)

        before = losses(parameters)
        joint = before[self.primary.name] + before[self.task.name]
        gradients = torch.autograd.grad(joint, trained.values(), create_graph=True, allow_unused=True)
        stepped = {
            name: parameter - learning_rate * gradient
            for (name, parameter), gradient in zip(trained.items(), gradients, strict=True)
            if gradient is not None
        }
        after = losses(parameters | stepped)
        return after[self.primary.name] + self._entropy_weight * collapse(generated, self.subclasses)

    def meta_step(self, model: Network, inputs: Tensor, labels: Mapping[str, Tensor], learning_rate: float) -> None:
        """One update of the generator; BatchNorm's running statistics in it then move too.

        The model's parameters, their ``.grad`` and its buffers stay bit for bit as they were. Its two forward passes
        run in the mode it is in; random masks (dropout, Gumbel) are drawn anew in each, from torch's global generator.
        The model's hooks see these passes, and what a design keeps of its last forward pass is then of these.

        Args:
            model: the network; of any design.
            inputs: ``[batch, …]``.
            labels: the primary task's among them; generated ones are made anew.
            learning_rate: η.
        """
        loss = self.meta_loss(model, inputs, labels, learning_rate)
        parameters = list(self.generator.parameters())
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.generator.move_statistics(inputs)

    def examples(self, part: Part) -> dict[str, Any]:
        """What the generator makes of the first 2,000 samples of a part, as plain values for JSON.

        A sample belongs to the generated class that is its most probable one.

        Returns:
            ``primary``: the task's name. ``classes``, ``subclasses``: how many. ``samples``: how many were looked at.
            ``entropy``: how evenly the generated classes of a class are used, mean over the samples: 1 all alike, 0
            only one of each class (the collapse). ``certainty``: mean of the samples' greatest probability: 1 for
            labels that are certain; 1 / subclasses for labels that say no more than the class.
            ``groups``: one for each generated class, in the order of the outputs, with ``class``, ``subclass``,
            ``count`` of samples, their ``share`` of the class's samples (0 if it has none), and ``examples``: the 8
            most certain, most certain first, with ``index`` in the part, ``probability``, and ``thumbnail``: of images
            of at most 32·32 pixels with 1 or 3 channels ``[rows][columns]`` or ``[rows][columns][3]``, whole numbers
            from 0 (the least value of all) to 255 (the greatest); else None.
        """
        first = part.batch(torch.arange(min(len(part), LOOKED_AT)))
        samples = len(first.inputs)
        classes = self._classes(first.labels)
        labels = self.labels(first.inputs, first.labels).view(samples, self.classes, self.subclasses)
        own = labels[torch.arange(samples, device=classes.device), classes]
        chances, chosen = own.nan_to_num(0).max(1)
        places = (classes * self.subclasses + chosen).cpu()
        chances, order = chances.cpu().sort(descending=True, stable=True)
        counts = places.bincount(minlength=self.task.outputs)
        of_class = counts.view(-1, self.subclasses).sum(1).repeat_interleave(self.subclasses)
        shares = counts.double() / of_class.clamp_min(1)

        pictures = _pictures(first.inputs)
        shown: list[list[dict[str, Any]]] = [[] for _ in range(self.task.outputs)]
        for chance, index in zip(chances.tolist(), order.tolist(), strict=True):
            examples = shown[places[index]]
            if len(examples) < SHOWN:
                thumbnail = None if pictures is None else pictures[index].tolist()
                examples.append({"index": index, "probability": chance, "thumbnail": thumbnail})
        groups = [
            {
                "class": place // self.subclasses,
                "subclass": place % self.subclasses,
                "count": int(counts[place]),
                "share": float(shares[place]),
                "examples": examples,
            }
            for place, examples in enumerate(shown)
        ]
        use = counts[None].double() / max(samples, 1)
        evenness = 1 - float(collapse(use, self.subclasses)) / math.log(self.subclasses)
        return {
            "primary": self.primary.name,
            "classes": self.classes,
            "subclasses": self.subclasses,
            "samples": samples,
            "entropy": min(max(evenness, 0.0), 1.0),
            "certainty": float(chances.double().sum()) / max(samples, 1),
            "groups": groups,
        }

    def state(self) -> dict[str, Any]:
        """What later labels depend on: the generator and its optimiser."""
        return {"generator": self.generator.state_dict(), "optimizer": self._optimizer.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a state."""
        self.generator.load_state_dict(state["generator"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _classes(self, labels: Mapping[str, Tensor]) -> Tensor:
        """``[batch]``: class numbers; of a binary task 0 and 1."""
        return labels[self.primary.name].long()


def _pictures(inputs: Tensor) -> Tensor | None:
    """``[samples, rows, columns]`` or ``[samples, rows, columns, 3]``, from 0 to 255; None unless small images."""
    shape = inputs.shape[1:]
    if len(shape) != 3 or shape[0] not in (1, 3) or shape[1] * shape[2] > THUMBNAIL:
        return None
    least, greatest = inputs.aminmax()
    scaled = ((inputs - least) / (greatest - least)).nan_to_num(0)  # 0 / 0 where all are blank
    pixels = (scaled.clamp(0, 1) * 255).round().to(torch.uint8).cpu()
    return pixels[:, 0] if shape[0] == 1 else pixels.movedim(1, -1)
