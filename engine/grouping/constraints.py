"""What a grouping must keep to besides the budget."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from engine.checks import check_limit
from engine.errors import KindredError


@dataclass(frozen=True)
class Constraints:
    """Conditions on the networks of a grouping.

    Attributes:
        together: groups of tasks. One network serves all serving tasks of a group and holds its auxiliaries too.
        apart: groups of tasks of which no network holds two, be it as an auxiliary.
        pinned: ``(task, network)``: the serving task is served by a network of exactly those tasks.
        excluded: tasks that no network holds.
        max_size: the largest number of tasks in a network.
        max_auxiliaries: the largest number of tasks that a network holds without serving them; 0 for none at all.
    """

    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()
    pinned: tuple[tuple[str, tuple[str, ...]], ...] = ()
    excluded: tuple[str, ...] = ()
    max_size: int | None = None
    max_auxiliaries: int | None = None

    def __post_init__(self) -> None:
        pinned = self.pinned.items() if isinstance(self.pinned, Mapping) else self.pinned
        object.__setattr__(self, "together", _groups("together", self.together))
        object.__setattr__(self, "apart", _groups("apart", self.apart))
        object.__setattr__(self, "pinned", tuple((task, _group("pinned", network, 1)) for task, network in pinned))
        object.__setattr__(self, "excluded", _group("excluded", self.excluded, 0))
        object.__setattr__(self, "max_size", check_limit("`max_size`", self.max_size, 1))
        object.__setattr__(self, "max_auxiliaries", check_limit("`max_auxiliaries`", self.max_auxiliaries, 0))

    def named(self) -> Iterable[str]:
        """Every task that a condition names, some of them more than once."""
        for group in (*self.together, *self.apart, self.excluded):
            yield from group
        for task, network in self.pinned:
            yield task
            yield from network

    def without(self, condition: "Condition") -> "Constraints":
        """The same without one of its `conditions`."""
        left = condition.take_from(getattr(self, condition.field))
        return replace(self, **{condition.field: left})

    def conditions(self) -> tuple["Condition", ...]:
        """The single conditions, each in words."""
        found = [
            *(Condition("together", group, f"keep {', '.join(group)} together") for group in self.together),
            *(Condition("apart", group, f"keep {', '.join(group)} apart") for group in self.apart),
            *(
                Condition("pinned", (task, network), f"pin {task} to the network {', '.join(network)}")
                for task, network in self.pinned
            ),
            *(Condition("excluded", task, f"exclude {task}") for task in self.excluded),
        ]
        if self.max_size is not None:
            noun = "task" if self.max_size == 1 else "tasks"
            found.append(Condition("max_size", self.max_size, f"at most {self.max_size} {noun} a network"))
        if self.max_auxiliaries is not None:
            limit = (
                f"at most {self.max_auxiliaries} auxiliaries a network" if self.max_auxiliaries else "no auxiliaries"
            )
            found.append(Condition("max_auxiliaries", self.max_auxiliaries, limit))
        return tuple(found)


@dataclass(frozen=True)
class Condition:
    """One condition of the `Constraints`: its field, its entry there, and how it reads."""

    field: str
    entry: object
    text: str

    def take_from(self, held: object) -> object:
        return tuple(entry for entry in held if entry != self.entry) if isinstance(held, tuple) else None


def _groups(name: str, groups: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    if isinstance(groups, str):
        raise KindredError(f"`{name}` is the text {groups!r}; give a list of groups, such as [['a', 'b']].")
    return tuple(_group(name, group, 2) for group in groups)


def _group(name: str, group: Iterable[str], least: int) -> tuple[str, ...]:
    if isinstance(group, str):
        raise KindredError(f"`{name}` holds the text {group!r} for a list of tasks; give a list, such as [{group!r}].")
    members = tuple(group)
    if len(set(members)) < len(members):
        raise KindredError(f"`{name}` names a task twice in {', '.join(members)}; name each task once.")
    if len(members) < least:
        raise KindredError(
            f"`{name}` has a group of {len(members)} ({', '.join(members)}); it takes at least {least} tasks."
        )
    return members
