"""MTL-NAS: a tower for every task, and edges between the towers that are searched for while training.

Source: Gao et al., "MTL-NAS: Task-Agnostic Neural Architecture Search towards General-Purpose Multi-Task Learning",
CVPR 2020.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn import Parameter

from engine.architectures.backbone import at_positions
from engine.architectures.network import Blueprint
from engine.architectures.search import Phase, SearchingNetwork
from engine.architectures.towers import equal_towers

OTHERS = 0.1  # with what weight the others' features together begin, if all edges were open; own ones have 1


class MtlNas(SearchingNetwork):
    """T towers that begin equal. After stage *j* tower *t* goes on with x_tj + Σ_{s≠t} Σ_{i≤j} α W x_si.

    x_si is what stage *i* of tower *s* gives, before its fusion, averaged or repeated to the positions of stage *j*. An
    edge from (s, i) to (t, j) has a gate α = sigmoid(a) and a 1×1 convolution W, which begins as a multiple of the
    identity. Three phases:

    - warm-up: every gate is held at ½ while the weights begin to learn;
    - search: a and the weights are trained by the same updates. The loss is given ``entropy`` times the mean entropy of
      the gates, with a weight that grows linearly from 0 to 1, so that each ends open or closed. In evaluation mode
      gates are discrete already, α > ½, as in the paper;
    - settled: gates are discrete, also in training, and a gets no gradient.

    Departures from the paper: T tasks, where it has two, and edges from all earlier stages, where it has the three
    before. The paper fuses by one 1×1 convolution of the concatenation, BatchNorm and ReLU; a sum of convolutions is a
    convolution of the concatenation, and here the tower's own part of it is the identity and nothing follows, so that
    with all gates closed the towers are separate. Gates are the paper's sigmoid relaxation without its Gumbel noise,
    and are trained on the same samples as the weights, where its code keeps half of them for the gates.

    Attributes:
        shared: the towers.
        pairs: the stages (i, j) that edges join.
        gates: ``[pairs, edges]``: a, for the T (T − 1) edges of two towers, by target, then source.
        weights: for each pair of stages ``[edges, channels of j, channels of i]``: W.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.entropy = blueprint.settings.entropy
        self.shared = equal_towers(blueprint)
        self._shapes = self.shared[0].shapes
        tasks = range(len(self.tasks))
        edges = [(target, source) for target in tasks for source in tasks if target != source]
        self.register_buffer("_ends", torch.tensor(edges, dtype=torch.long).view(-1, 2).T, persistent=False)
        self.pairs = [(i, j) for j in range(len(self._shapes)) for i in range(j + 1)]
        self.gates = Parameter(torch.zeros(len(self.pairs), len(edges)))
        self.weights = nn.ParameterList(
            torch.eye(self._shapes[j][0], self._shapes[i][0]).repeat(len(edges), 1, 1)
            * (OTHERS / max(len(tasks) - 1, 1) / (j + 1))
            for i, j in self.pairs
        )
        self.heads = blueprint.heads(self._shapes[-1])

    def features(self, inputs: Tensor, places: Sequence[int]) -> list[Tensor]:
        features, joined = [inputs] * len(self.tasks), []
        edges = dict(zip(self.pairs, zip(self._alpha(), self.weights, strict=True), strict=True))
        for place, shape in enumerate(self._shapes):
            given = zip(self.shared, features, strict=True)
            joined.append(torch.cat([tower.stages[place](each) for tower, each in given], 1))
            fused = joined[place]
            if len(self.tasks) > 1:
                for before in range(place + 1):
                    fused = fused + self._mixed(at_positions(joined[before], shape), *edges[before, place])
            features = fused.chunk(len(self.tasks), 1)
        return [features[place] for place in places]

    def relation_parameters(self) -> list[Parameter]:
        return [self.gates]

    def joint_parameters(self) -> list[Parameter]:
        return [*super().joint_parameters(), *self.weights]

    def regularizer(self) -> Tensor | None:
        if self.phase is not Phase.SEARCH or len(self.tasks) == 1:
            return None
        entropy = F.softplus(self.gates) - self.gates * self.gates.sigmoid()  # in nats
        return self.entropy * self.searched * entropy.mean()

    def readings(self) -> dict[str, Tensor]:
        """``edges``: the gates from the source into the target, mean over the pairs of stages; 1 on the diagonal."""
        alpha = self._open() if self.phase is Phase.SETTLED else self.gates.detach().sigmoid()
        return {"edges": self._by_task(alpha.mean(0)).T + torch.eye(len(self.tasks), device=alpha.device)}

    def note(self) -> str:
        if self.phase is not Phase.SETTLED:
            return ""
        return f"Edges are chosen: {int(self._open().sum())} of {self.gates.numel()} between the towers are open."

    def _alpha(self) -> Tensor:
        """The gates as they act now, ``[pairs, edges]``."""
        if self.phase is Phase.WARM_UP:
            return self.gates.detach().sigmoid()
        return self.gates.sigmoid() if self.phase is Phase.SEARCH and self.training else self._open()

    def _open(self) -> Tensor:
        return (self.gates.detach() > 0).to(self.gates.dtype)

    def _by_task(self, values: Tensor) -> Tensor:
        """``[edges, …]`` as ``[target, source, …]``, 0 from a task to itself."""
        tasks = len(self.tasks)
        return values.new_zeros(tasks, tasks, *values.shape[1:]).index_put(tuple(self._ends), values)

    def _mixed(self, joined: Tensor, alpha: Tensor, weight: Tensor) -> Tensor:
        """All towers' channels, side by side, to what the edges bring to each tower, side by side.

        One product for all edges: zeros from a task to itself are multiplied along, a T-th of it, rather than T² small
        products be made.
        """
        blocks = self._by_task(alpha[:, None, None] * weight).transpose(1, 2)  # [target, channels, source, channels]
        matrix = blocks.reshape(len(self.tasks) * weight.shape[1], -1)
        return F.linear(joined, matrix) if joined.dim() == 2 else F.conv2d(joined, matrix[..., None, None])
