"""A sentence that a person reads holds nothing that a terminal would obey, and is no book."""

import pickle

from engine.errors import KindredError


def test_what_a_terminal_would_obey_is_written_out():
    assert str(KindredError("The name 'a\x1b[2J\n\0\ud800b' — é.")) == "The name 'a\\x1b[2J\\n\\x00\\ud800b' — é."


def test_of_what_is_far_too_long_the_middle_is_left_out():
    text = str(KindredError("It begins " + "x" * 10**6 + " and ends."))
    assert len(text) < 2100 and text.startswith("It begins") and text.endswith("and ends.")


def test_it_passes_between_processes_as_it_is():
    assert str(pickle.loads(pickle.dumps(KindredError("a\tb")))) == "a\\tb"
