"""A lookahead of the last shared layer alone: its step is taken, and only what comes after it is evaluated again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from engine.affinity.estimator import Estimator, Unsuited, Update
from engine.affinity.steps import effects_of_steps, gradient_step
from engine.affinity.tap import modules_before


class HeadLookahead(Estimator):
    """The exact lookahead for a step on the last trainable weight layer (weight and bias) of the shared module; of
    every tower, where there are several.

    ::

        w' = w − η ∇_w L_s                               (all other parameters stay)
        Z[s, t] = (1 − L_t(w') / L_t(w)) / η

    Keeps the curvature of that layer and of the heads, which first order loses at large steps. The parts of the shared
    module that run before the layer give what they gave in the first of the passes, so that a pass costs the heads
    only.

    Cost: a backward pass through the heads and a forward pass through all heads, for each task: T² head evaluations.
    Bias: leaves out the layers below.

    Source: Fifty et al., NeurIPS 2021, eq. 1, on one layer.
    """

    fidelity = 0.9

    def __call__(self, update: Update) -> Tensor:
        calls = update.shared.last_calls()
        if not calls:
            raise Unsuited(
                "No trainable linear or convolutional layer of the shared module was seen to run; give the module (not "
                "its parameters) as `shared`, outside of torch.compile, or choose the estimator lookahead."
            )
        layers = dict.fromkeys(call.layer for call in calls)
        own = [each for layer in layers for each in layer.parameters(recurse=False) if each.requires_grad]
        cache = _Cache(update.shared.module, calls[0].layer) if len(calls) == 1 else None
        replaying = cache.used if cache is not None else _uncached
        return effects_of_steps(update, own, gradient_step(update.step_size), replaying)

    def costs(self, tasks: int) -> float:
        return 0.3 * tasks


@contextmanager
def _uncached() -> Iterator[None]:
    yield


class _Cache:
    """What the parts of a module before one layer gave in their first pass, given again in every later one."""

    def __init__(self, module: nn.Module, layer: nn.Module) -> None:
        self.layer = layer
        tied = {id(parameter) for parameter in layer.parameters()}
        self.parts = [
            part
            for part in modules_before(module, layer)
            if not any(id(parameter) in tied for parameter in part.parameters())
        ]
        self.given: dict[int, object] = {}

    @contextmanager
    def used(self) -> Iterator[None]:
        """While this is open, passes are recorded the first time and cut short from then on."""
        hooks, first = [], not self.given
        if first:
            reached = False

            def note_layer(_layer: nn.Module, _inputs: object) -> None:
                nonlocal reached
                reached = True

            def keep(part: nn.Module, _inputs: object, output: object) -> None:
                if reached:
                    self.given.pop(id(part), None)  # it runs after the layer, whose step changes what it gives
                else:
                    self.given[id(part)] = output

            hooks.append(self.layer.register_forward_pre_hook(note_layer))
            hooks.extend(part.register_forward_hook(keep) for part in self.parts)
        else:
            for part in self.parts:
                if id(part) in self.given:
                    part.forward = _always(self.given[id(part)])
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            if not first:
                for part in self.parts:
                    part.__dict__.pop("forward", None)


def _always(given: object) -> Callable[..., object]:
    return lambda *_arguments, **_named: given
