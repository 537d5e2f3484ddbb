"""Tables carried from the communes of one vintage to those of the other, or back to old districts.

Amounts (people, households, stations) are divided among heirs and added up; nothing is lost: what went
in is what came out plus what could not be placed, to 1e-9. Percentages and means cannot be carried; carry
their numerator and denominator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.layers.boundaries.crosswalk import Crosswalk, Link, Vintage, crosswalk
from phusong.layers.grid import FloatArray
from phusong.layers.rules import Report, error, warning

Rule = Literal["refuse", "equal", "main"]
"""Of a unit that was divided and for which no weights are known: leave it out and say so, divide it in
equal parts, or give all of it to the main heir."""
Weights = Mapping[tuple[str, str], float]
"""People (or any measure) by (old code, new code): how an old unit lies in its heirs."""

UNKNOWN_CODES = error(
    "carry-unknown-code",
    "{n} mã không có trong danh mục đơn vị hành chính {vintage}: {codes}.",
    "{n} codes are not in the list of units of {vintage}: {codes}.",
    "Sửa mã; số liệu của các dòng này chưa được chuyển.",
    "Mend them; the figures of these rows are not carried.",
)
UNDIVIDED = error(
    "carry-divided",
    "{n} đơn vị đã bị chia cho nhiều đơn vị mới và chưa biết chia số liệu thế nào: {codes}.",
    "{n} units were divided among several, and how their figures divide is not known: {codes}.",
    "Cung cấp ranh giới xã cũ để chia theo dân số, hoặc chọn quy tắc: equal (chia đều), main (về xã chính).",
    "Give the old boundaries, so that people decide, or choose a rule: equal parts, or all to the main heir.",
)
BY_RULE = warning(
    "carry-by-rule",
    "{n} đơn vị bị chia được chuyển theo quy tắc '{how}', không theo dân số: {codes}.",
    "{n} divided units were carried by the rule '{how}', not by people: {codes}.",
    "Số liệu của các xã nhận chỉ là ước tính.", "The figures of their heirs are estimates.",
)

BY_PEOPLE = warning(
    "carry-by-people",
    "{n} đơn vị bị chia được chuyển theo số dân trong ranh giới cũ: {codes}.",
    "{n} divided units were carried by the people within their old boundaries: {codes}.",
)


@dataclass(frozen=True)
class Carried:
    """A table in the units of the other vintage.

    Attributes
    ----------
    table : DataFrame
        ``code``, ``name``, ``vintage`` (of the target), the value columns, ``parts`` (units that went in)
        and ``basis``: ``whole``, ``weights``, ``equal``, ``main``, the weakest of its parts. By code.
    moves : DataFrame
        ``source``, ``target``, ``share``, ``basis``: what went where.
    unknown : tuple of str
        Codes that are in no list, sorted.
    undivided : tuple of str
        Divided units that were left out for want of weights (rule ``refuse``).
    by_rule : tuple of str
        Divided units that a rule placed.
    before, after, left : mapping of column to float
        Sums of the table given, of ``table``, and of the rows left out: ``before = after + left``.
    missing : mapping of column to tuple of str
        Targets of which a part had no value; their sum is of the others.
    """

    table: pd.DataFrame
    moves: pd.DataFrame
    unknown: tuple[str, ...]
    undivided: tuple[str, ...]
    by_rule: tuple[str, ...]
    before: Mapping[str, float]
    after: Mapping[str, float]
    left: Mapping[str, float]
    missing: Mapping[str, tuple[str, ...]]

    @property
    def complete(self) -> bool:
        """Tell whether every row was placed."""
        return not self.unknown and not self.undivided


_BASES = ("whole", "weights", "main", "equal")


@dataclass
class _Ledger:
    """Shares by source, and what became of the sources."""

    shares: dict[str, list[tuple[str, float, str]]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    undivided: set[str] = field(default_factory=set)
    by_rule: set[str] = field(default_factory=set)

    def place(
        self, source: str, targets: Sequence[str], weights: Sequence[float], main: str, rule: Rule
    ) -> None:
        """Divide one source among its targets."""
        if len(targets) == 1:
            self.shares[source] = [(targets[0], 1.0, "whole")]
        elif all(math.isfinite(w) and w >= 0 for w in weights) and math.fsum(weights) > 0:
            total = math.fsum(weights)
            shares = [w / total for w in weights]
            self.shares[source] = [(t, s, "weights") for t, s in zip(targets, shares, strict=True) if s]
        elif rule == "equal":
            self.shares[source] = [(t, 1.0 / len(targets), "equal") for t in targets]
            self.by_rule.add(source)
        elif rule == "main" and main:
            self.shares[source] = [(main, 1.0, "main")]
            self.by_rule.add(source)
        else:
            self.undivided.add(source)


def convert_table(
    table: pd.DataFrame,
    code_column: str,
    value_columns: Sequence[str],
    *,
    weights: Weights | None = None,
    rule: Rule = "refuse",
    walk: Crosswalk | None = None,
) -> Carried:
    """Carry a table by communes of 2024 to the communes of 2025.

    Parameters
    ----------
    table : DataFrame
        Several rows may have one code; they are added up.
    code_column : str
        Codes of 2024 as text (`phusong.layers.boundaries.vintage.vintage_of` says whether they are).
    value_columns : sequence of str
        Amounts that add up. Empty cells are unknown, not zero, and are counted.
    weights : mapping of (old code, new code) to float, optional
        People of each old unit in each heir, as `overlay_weights` gives them. Used where all heirs of a
        divided unit are in it.
    rule : {"refuse", "equal", "main"}
        For divided units without weights.
    walk : Crosswalk, optional
        The country's by default.

    Returns
    -------
    Carried
    """
    walk = walk or crosswalk()
    codes = [str(c) for c in table[code_column]]
    ledger = _Ledger()
    for code in sorted(set(codes)):
        links = walk.heirs.get(code, ())
        if not links:
            ledger.unknown.add(code)
            continue
        given = [math.nan if weights is None else weights.get((k.old, k.new), math.nan) for k in links]
        main = next((k.new for k in links if k.main), "")
        ledger.place(code, [k.new for k in links], given, main, rule)
    names = {c: u.name for c, u in walk.new.items()}
    return _carry(table, codes, value_columns, ledger, names, "2025")


def to_districts(
    table: pd.DataFrame,
    code_column: str,
    value_columns: Sequence[str],
    *,
    vintage: Vintage,
    amounts: Mapping[str, float] | None = None,
    weights: Weights | None = None,
    rule: Rule = "refuse",
    walk: Crosswalk | None = None,
) -> Carried:
    """Carry a table by communes to the districts of 2024, for a comparison across the merger.

    Parameters
    ----------
    table, code_column, value_columns
        As in `convert_table`.
    vintage : {"2024", "2025"}
        Of the codes. Old communes lie in one district each; a new one may be made of several districts'.
    amounts : mapping of old code to float, optional
        People of the old communes: they divide a new commune among its districts.
    weights : mapping of (old code, new code) to float, optional
        How divided old communes lie in their heirs; without it, equal parts of ``amounts``.
    rule : {"refuse", "equal", "main"}
        For new communes of several districts where ``amounts`` does not tell: ``equal`` divides by the
        number of old communes, ``main`` gives all to the district with most of them.
    walk : Crosswalk, optional

    Returns
    -------
    Carried
        Its codes are those of districts, three digits.
    """
    walk = walk or crosswalk()
    codes = [str(c) for c in table[code_column]]
    ledger = _Ledger()
    for code in sorted(set(codes)):
        if vintage == "2024":
            if code in walk.old:
                ledger.place(code, [walk.old[code].district_code], [1.0], "", rule)
            else:
                ledger.unknown.add(code)
        elif code in walk.parts:
            _place_in_districts(code, walk, ledger, amounts, weights, rule)
        else:
            ledger.unknown.add(code)
    names = {u.district_code: u.district for u in walk.old.values()}
    return _carry(table, codes, value_columns, ledger, names, "2024")


def _place_in_districts(
    code: str, walk: Crosswalk, ledger: _Ledger, amounts: Mapping[str, float] | None, weights: Weights | None,
    rule: Rule,
) -> None:
    """Divide a new commune among the districts of its parts."""
    people: dict[str, float] = {}
    count: dict[str, float] = {}
    for link in walk.parts[code]:
        district = walk.old[link.old].district_code
        amount = math.nan if amounts is None else amounts.get(link.old, math.nan)
        people[district] = people.get(district, 0.0) + amount * _share(link, walk.heirs[link.old], weights)
        count[district] = count.get(district, 0.0) + 1.0
    districts = sorted(people)
    if len(districts) > 1 and rule == "equal" and not all(map(math.isfinite, people.values())):
        total = math.fsum(count.values())
        ledger.shares[code] = [(d, count[d] / total, "equal") for d in districts]
        ledger.by_rule.add(code)
        return
    main = max(districts, key=lambda d: (count[d], d))
    ledger.place(code, districts, [people[d] for d in districts], main, rule)


def _share(link: Link, heirs: Sequence[Link], weights: Weights | None) -> float:
    """Return the part of an old commune that lies in one heir."""
    given = [math.nan if weights is None else weights.get((k.old, k.new), math.nan) for k in heirs]
    if all(map(math.isfinite, given)) and math.fsum(given) > 0:
        return given[list(heirs).index(link)] / math.fsum(given)
    return 1.0 / len(heirs)


def _carry(
    table: pd.DataFrame, codes: Sequence[str], value_columns: Sequence[str], ledger: _Ledger,
    names: Mapping[str, str], vintage: Vintage,
) -> Carried:
    terms: dict[str, dict[str, list[float]]] = {c: {} for c in value_columns}
    missing: dict[str, set[str]] = {c: set() for c in value_columns}
    left: dict[str, list[float]] = {c: [] for c in value_columns}
    parts: dict[str, set[str]] = {}
    bases: dict[str, set[str]] = {}
    for column in value_columns:
        values = table[column].to_numpy(dtype=np.float64, na_value=np.nan)
        for code, value in zip(codes, values.tolist(), strict=True):
            for target, amount, basis in _divided(value, ledger.shares.get(code, ())):
                parts.setdefault(target, set()).add(code)
                bases.setdefault(target, set()).add(basis)
                if math.isnan(amount):
                    missing[column].add(target)
                else:
                    terms[column].setdefault(target, []).append(amount)
            if code not in ledger.shares and not math.isnan(value):
                left[column].append(value)
    targets = sorted(parts)
    frame: dict[str, object] = {
        "code": targets, "name": [names[t] for t in targets], "vintage": [vintage] * len(targets),
    }
    for column in value_columns:
        own = terms[column]
        frame[column] = [math.fsum(own[t]) if t in own else math.nan for t in targets]
    frame["parts"] = [len(parts[t]) for t in targets]
    frame["basis"] = [max(bases[t], key=_BASES.index) for t in targets]
    moves = [(s, *move) for s, shares in sorted(ledger.shares.items()) for move in shares]
    given = {c: table[c].to_numpy(dtype=np.float64, na_value=np.nan) for c in value_columns}
    return Carried(
        pd.DataFrame(frame), pd.DataFrame(moves, columns=["source", "target", "share", "basis"]),
        tuple(sorted(ledger.unknown)), tuple(sorted(ledger.undivided)), tuple(sorted(ledger.by_rule)),
        {c: math.fsum(values[~np.isnan(values)]) for c, values in given.items()},
        {c: math.fsum(a for amounts in terms[c].values() for a in amounts) for c in value_columns},
        {c: math.fsum(left[c]) for c in value_columns},
        {c: tuple(sorted(missing[c])) for c in value_columns if missing[c]},
    )


def _divided(value: float, shares: Sequence[tuple[str, float, str]]) -> list[tuple[str, float, str]]:
    """Return what each target gets; the last one gets the rest, so that the parts sum to the whole."""
    amounts = [(target, value * share, basis) for target, share, basis in shares[:-1]]
    if shares:
        target, _, basis = shares[-1]
        amounts.append((target, value - math.fsum(a for _, a, _ in amounts), basis))
    return amounts


def overlay_weights(
    old_codes: Sequence[str],
    old_shapes: NDArray[np.object_],
    new_codes: Sequence[str],
    new_shapes: NDArray[np.object_],
    *,
    people: tuple[FloatArray, FloatArray, FloatArray] | None = None,
    walk: Crosswalk | None = None,
) -> dict[tuple[str, str], float]:
    """Return how divided old communes lie in their heirs, by the boundaries of both.

    Parameters
    ----------
    old_codes, new_codes : sequence of str, shapes (n,) and (m,)
    old_shapes, new_shapes : arrays of shapely polygons, same shapes
        In one equal-area or metric system.
    people : tuple of three arrays of float64, shape (k,), optional
        x, y and people of points (centres of a population raster's cells), in the same system. Without
        it, or where no one lives in an old commune, areas in square metres are the weights.
    walk : Crosswalk, optional

    Returns
    -------
    dict of (old code, new code) to float
        For every old commune that was divided and whose polygon and heirs' polygons are given. Heirs that
        the crosswalk does not name get nothing: boundaries that differ by a sliver are no transfer.
    """
    walk = walk or crosswalk()
    new = dict(zip(new_codes, new_shapes, strict=True))
    tree = None
    if people is not None:
        tree = shapely.STRtree(np.atleast_1d(np.asarray(shapely.points(people[0], people[1]), dtype=object)))
    found: dict[tuple[str, str], float] = {}
    for code, shape in zip(old_codes, old_shapes, strict=True):
        links = walk.heirs.get(code, ())
        if len(links) < 2 or shape is None or any(k.new not in new for k in links):
            continue
        shared = [shapely.intersection(shape, new[k.new]) for k in links]
        measure = [0.0] * len(links)
        if tree is not None and people is not None:
            measure = [float(people[2][tree.query(s, predicate="intersects")].sum()) for s in shared]
        if not math.fsum(measure) > 0:
            measure = [float(s.area) for s in shared]
        if math.fsum(measure) > 0:
            found.update({(k.old, k.new): m for k, m in zip(links, measure, strict=True)})
    return found


def tell_carried(report: Report, header: str, carried: Carried, vintage: Vintage, rule: Rule) -> None:
    """Tell what could not be carried, and what a rule decided; ``vintage`` is that of the codes given."""
    if carried.unknown:
        shown = _listed(carried.unknown)
        report.once(UNKNOWN_CODES, column=header, n=len(carried.unknown), vintage=vintage, codes=shown)
    if carried.undivided:
        report.once(UNDIVIDED, column=header, n=len(carried.undivided), codes=_listed(carried.undivided))
    moves = carried.moves
    by_people = sorted(set(moves.loc[moves["basis"] == "weights", "source"]))
    if by_people:
        report.once(BY_PEOPLE, column=header, n=len(by_people), codes=_listed(by_people))
    if carried.by_rule:
        report.once(BY_RULE, column=header, n=len(carried.by_rule), how=rule, codes=_listed(carried.by_rule))


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(codes[:10]) + (", …" if len(codes) > 10 else "")
