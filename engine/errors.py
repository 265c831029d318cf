"""The one error a user is meant to read."""

_LONGEST = 2000  # characters


class KindredError(ValueError):
    """A request that cannot be met: one sentence naming the value found, the rule it breaks and the way out.

    The command line prints it and exits with 2; the dashboard shows it in an error box. What cannot be printed, such as
    what a terminal would obey, is written as Python writes it, as in ``\\x1b``; of what is far too long for a sentence
    the middle is left out.
    """

    def __init__(self, sentence: str = "") -> None:
        if len(sentence) > _LONGEST:
            sentence = f"{sentence[: _LONGEST // 2]} … {sentence[-_LONGEST // 2 :]}"
        super().__init__("".join(each if each.isprintable() else repr(each)[1:-1] for each in sentence))


class LostHelpers(KindredError):
    """Processes that a run had beside its own are lost; from its last checkpoint it can go on with others."""
