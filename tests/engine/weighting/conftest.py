import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """What is computed here is too small to share, and waits for other processes otherwise."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
