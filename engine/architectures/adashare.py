"""AdaShare: one trunk for all tasks, of which every task learns which stages to run and which to skip.

Source: Sun et al., "AdaShare: Learning What to Share for Efficient Deep Multi-Task Learning", NeurIPS 2020.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import Parameter

from engine.architectures.network import Blueprint
from engine.architectures.search import Phase, SearchingNetwork
from engine.errors import KindredError

HOTTEST, COLDEST = 5.0, 0.5  # temperature of the Gumbel softmax at the search's begin and end
SELECTED_AT_FIRST = 1.0  # the logit of selecting, against 0 of skipping: 73 %


class AdaShare(SearchingNetwork):
    """A shared backbone, and for every task and skippable stage the logits of selecting and of skipping it.

    A stage can be skipped where it gives what it takes in; a task's output of it is s · stage(x) + (1 − s) · x. (With
    stage(x) = x + f(x) that is the paper's x + s · f(x).) Three phases:

    - warm-up: all is selected, which is hard sharing;
    - search: in training mode s is drawn from the Gumbel softmax of the logits, whose temperature falls geometrically
      from 5 to 0.5; in the k-th of L equal parts of the search the last k stages are drawn, the others selected. In
      evaluation mode the likelier choice is taken;
    - settled: the likelier choice, also in training; the logits get no gradient.

    A stage runs once for all tasks that come to it by the same way.

    Departures from the paper: weights and policy are trained by the same updates, not in turns, and after the search
    the weights go on from where they are, where the paper begins anew. With p the probability to select, its sparsity
    loss is the sum of log p, and that of the authors' code of −log(1 − p); here it is that of p, whose gradient is
    largest where nothing is decided yet. Both losses are means over the stages that are drawn so far, and the sharing
    loss is divided by T, so that their weights mean the same for any depth and number of tasks.

    Attributes:
        shared: the backbone.
        skippable: places of the stages that can be skipped.
        policy: ``[tasks, skippable, 2]``: logits of selecting and of skipping.

    Raises:
        KindredError: if no stage can be skipped.
    """

    common_last_layer = False  # a task may skip it

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.shared = blueprint.backbone()
        shapes = (self.shared.input_shape, *self.shared.shapes)
        self.skippable = [place for place in range(len(shapes) - 1) if shapes[place] == shapes[place + 1]]
        if not self.skippable:
            raise KindredError(
                f"AdaShare lets tasks skip stages that give what they take in, but the stages of the trunk "
                f"{blueprint.settings.trunk!r} go from {' to '.join(map(str, shapes))}; choose a depth of at least 2."
            )
        self.sparsity, self.sharing = blueprint.settings.sparsity, blueprint.settings.sharing
        self.policy = Parameter(torch.tensor([SELECTED_AT_FIRST, 0.0]).repeat(len(self.tasks), len(self.skippable), 1))
        self.heads = blueprint.heads(shapes[-1])

    def features(self, inputs: Tensor, places: Sequence[int]) -> list[Tensor]:
        features = [inputs] * len(places)
        for stage, selected in zip(self.shared.stages, self._selected(), strict=True):
            ran: dict[int, Tensor] = {}  # by what went in
            after = []
            for given, share in zip(features, [selected[place] for place in places], strict=True):
                if share is not False and id(given) not in ran:
                    ran[id(given)] = stage(given)
                if isinstance(share, bool):
                    after.append(ran[id(given)] if share else given)
                else:
                    after.append(share * ran[id(given)] + (1 - share) * given)
            features = after
        return features

    def relation_parameters(self) -> list[Parameter]:
        return [self.policy]

    def regularizer(self) -> Tensor | None:
        """``sparsity`` · Σ_t p_t + ``sharing`` · (L − l) / L · Σ_{s<t} |p_s − p_t| / T, as a mean over those of the
        skippable stages l = 0 … L − 1 that are drawn; only in the search."""
        if self.phase is not Phase.SEARCH:
            return None
        chosen = self.policy[:, -self._drawn :].softmax(-1)[..., 0]
        lower = torch.arange(self._drawn, 0, -1, device=chosen.device) / len(self.skippable)
        apart = (chosen[:, None] - chosen).abs().sum((0, 1)) / (2 * len(self.tasks))
        return (self.sparsity * chosen.sum(0) + self.sharing * lower * apart).mean()

    def readings(self) -> dict[str, Tensor]:
        """``policy``: (2 p_s − 1)(2 p_t − 1), mean over the skippable stages; p is 0 or 1 once settled."""
        policy = self.policy.detach()
        settled = self.phase is Phase.SETTLED
        chosen = self._likelier().to(policy.dtype) if settled else policy.softmax(-1)[..., 0]
        leaning = 2 * chosen - 1
        return {"policy": leaning @ leaning.T / len(self.skippable)}

    def note(self) -> str:
        if self.phase is not Phase.SETTLED:
            return ""
        skipped = [
            (task.name, [place + 1 for place, runs in zip(self.skippable, row, strict=True) if not runs])
            for task, row in zip(self.tasks, self._likelier().tolist(), strict=True)
        ]
        said = [f"{name} skips {' and '.join(map(str, places))}" for name, places in skipped if places]
        return f"Stages are chosen: {'; '.join(said) if said else 'every task runs all of them'}."

    @property
    def _drawn(self) -> int:
        """How many of the last skippable stages the search has come to."""
        return min(int(self.searched * len(self.skippable)) + 1, len(self.skippable))

    def _likelier(self) -> Tensor:
        """``[tasks, skippable]``: whether it is selected."""
        return self.policy[..., 0] >= self.policy[..., 1]

    def _selected(self) -> list[list[bool | Tensor]]:
        """By stage and task: whether it runs; the share of it in the output where that is drawn."""
        selected: list[list[bool | Tensor]] = [[True] * len(self.tasks) for _ in self.shared.stages]
        if self.phase is Phase.SEARCH and self.training:
            temperature = HOTTEST * (COLDEST / HOTTEST) ** self.searched
            shares = F.gumbel_softmax(self.policy, temperature)[..., 0].T
            for place, share in list(zip(self.skippable, shares, strict=True))[-self._drawn :]:
                selected[place] = list(share)
        elif self.phase is not Phase.WARM_UP:
            for place, runs in zip(self.skippable, self._likelier().T.tolist(), strict=True):
                selected[place] = runs
        return selected
