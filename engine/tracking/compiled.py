"""Living with ``torch.compile``."""

from torch._functorch import config


def keep_backward_buffers() -> None:
    """Let compiled backward passes be run more than once, as a second gradient of the same graph needs.

    By default such a pass hands its saved tensors over for reuse, and refuses a second run. This holds for models
    compiled (that is, first run) from now on, at the cost of some memory in their backward pass.
    """
    config.donated_buffer = False
