"""How methods are drawn: each has one colour and dash in all charts; what others are measured against is grey."""

from dataclasses import dataclass

from engine import catalog
from engine.charts.palette import LIGHT

REFERENCES = {"independent": "dash", "pooled": "dot", "local": "dash"}
_GREY = len(LIGHT.tasks) - 1


@dataclass(frozen=True)
class Stroke:
    """Attributes:
    colour: a place in the palette's ``tasks``.
    dash: as plotly names it.
    """

    colour: int
    dash: str

    @property
    def style(self) -> dict:
        """Of a plotly trace; by ``meta`` the browser takes the colour of its theme."""
        width = 2.4 if self.dash == "solid" else 2
        line = {"color": LIGHT.tasks[self.colour], "dash": self.dash, "width": width}
        return {"line": line, "meta": {"colour": self.colour}}


def stroke(kind: str, method: str) -> Stroke:
    """How a method of a kind in the catalog is drawn, whatever others are drawn beside it.

    >>> stroke("linear", "independent").dash, stroke("federated", "mocha")
    ('dash', Stroke(colour=0, dash='solid'))
    """
    if method in REFERENCES:
        return Stroke(_GREY, REFERENCES[method])
    own = [entry.name for entry in catalog.entries(kind) if entry.name not in REFERENCES]
    place = own.index(method) if method in own else len(own)
    return Stroke(place % _GREY, "solid")
