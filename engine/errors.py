"""The one error a user is meant to read."""


class KindredError(ValueError):
    """A request that cannot be met: one sentence naming the value found, the rule it breaks and the way out.

    The command line prints it and exits with 2; the dashboard shows it in an error box.
    """


class LostHelpers(KindredError):
    """Processes that a run had beside its own are lost; from its last checkpoint it can go on with others."""
