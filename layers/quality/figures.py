"""How far the data can be trusted: figures over what was read, each a count of doubtful things over all.

Nothing here is law or standard: the criteria are stated with every figure, so that who reads it can judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phusong.data.language import LANGUAGES, Text, format_number
from phusong.layers.inventory import Layers

SHOWN = 200
"""Suspects that are kept of one figure; its numerator counts all of them."""


@dataclass(frozen=True)
class Suspect:
    """One thing that a figure counts, and how it is found again in the file.

    Attributes
    ----------
    layer : str
        ``stations``, ``places.villages``.
    key : str
        Our column that holds ``ident``: ``site_id``.
    ident : str
        As the layer has it.
    column : str
        Our column that is in doubt.
    note : Text
        Why, values filled in.
    """

    layer: str
    key: str
    ident: str
    column: str
    note: Text


@dataclass(frozen=True)
class Figure:
    """Doubtful things over all of their kind: nought is good.

    Attributes
    ----------
    code : str
        Stable: ``near-sites``, ``outside-declared``.
    layer : str
        Of which layer.
    title, criterion, remedy : Text
        What is counted, when a thing counts, and what to do; values filled in.
    numerator, denominator : float
    unit : str
        ``cells``, ``sites``, ``places``, ``people``, ``communes``, ``km``, ``layers``, ``technologies``.
    allowed : float
        Share up to which the figure does not speak against a map.
    suspects : tuple of Suspect
        The first `SHOWN`, worst first where there is an order.
    """

    code: str
    layer: str
    title: Text
    criterion: Text
    remedy: Text
    numerator: float
    denominator: float
    unit: str
    allowed: float = 0.0
    suspects: tuple[Suspect, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether more than the allowed share is in doubt."""
        return self.numerator > self.allowed * self.denominator


@dataclass(frozen=True)
class CommunePeople:
    """People of a commune in the raster, beside the official figure (NaN where there is none)."""

    code: str
    name: str
    raster: float
    official: float

    @property
    def deviation(self) -> float:
        """(Raster - official) / official; NaN without an official figure."""
        return (self.raster - self.official) / self.official if self.official > 0.0 else float("nan")


@dataclass(frozen=True)
class Quality:
    """All figures of one reading.

    Attributes
    ----------
    figures : tuple of Figure
    people : tuple of CommunePeople
        In the order of the communes.
    """

    figures: tuple[Figure, ...] = ()
    people: tuple[CommunePeople, ...] = ()

    @property
    def doubtful(self) -> tuple[Figure, ...]:
        """Figures that speak against a map."""
        return tuple(f for f in self.figures if f.doubtful)


@dataclass(frozen=True)
class Criterion:
    """What a figure counts, before it was counted; the words have ``{fields}``."""

    code: str
    unit: str
    title: Text
    criterion: Text
    remedy: Text
    allowed: float = 0.0

    def figure(
        self, layer: str, numerator: float, denominator: float, suspects: Sequence[Suspect] = (),
        values: Mapping[str, Any] | None = None,
    ) -> Figure:
        """Return the figure, its words filled in."""
        given = values or {}
        return Figure(
            self.code, layer, filled(self.title, **given), filled(self.criterion, **given),
            filled(self.remedy, **given), float(numerator), float(denominator), self.unit, self.allowed,
            tuple(suspects[:SHOWN]),
        )


def filled(text: Text, **values: Any) -> Text:
    """Return a sentence with its values in it, so that it may be said again without them."""
    vi, en = (text.fill(lang, values).replace("{", "{{").replace("}", "}}") for lang in LANGUAGES)
    return Text(vi, en)


def distance_text(metres: float) -> Text:
    """Return a distance as people say it."""
    if metres < 1000.0:
        return Text(*(f"{format_number(round(metres), lang)} m" for lang in LANGUAGES))
    return Text(*(f"{format_number(metres / 1000.0, lang, 1)} km" for lang in LANGUAGES))


def quality(layers: Layers) -> Quality:
    """Return every figure that the layers allow; those without a denominator are left out.

    Parameters
    ----------
    layers : Layers
        Rows with faults may be among them, as `phusong.layers.read.survey_layers` leaves them.
    """
    from phusong.layers.quality.ground import commune_people

    people = commune_people(layers)
    return Quality(tuple(f for f in _figures(layers, people) if f.denominator > 0.0), people)


def _figures(layers: Layers, people: Sequence[CommunePeople]) -> Iterator[Figure]:
    from phusong.layers.quality import ground, stations

    yield from stations.station_figures(layers)
    yield from ground.outside_declared(layers)
    yield from ground.people_figures(people)
    yield from ground.fibre_far_from_roads(layers)
    yield from ground.age_figures(layers)
