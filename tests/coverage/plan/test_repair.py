"""The order of repair, against every order there is and against counting everything at every step."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from phusong.coverage.plan.repair import follow, repair_order

CASES = st.integers(0, 2**32 - 1)


def case(seed: int, sites: int, cells: int) -> tuple[csr_array, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    covers = csr_array(rng.random((sites, cells)) < 0.35)
    return covers, rng.integers(0, 9, cells).astype(float), rng.choice([1.0, 2.0, 5.0], sites)


def wait(sets: list[set[int]], people: np.ndarray, hours: np.ndarray, order: tuple[int, ...]) -> float:
    """People times hours, told person by person: everybody waits for the first site that covers them."""
    total, clock = 0.0, 0.0
    left = set().union(*sets)
    for site in order:
        clock += hours[site]
        total += clock * sum(people[c] for c in sets[site] & left)
        left -= sets[site]
    return total


def as_sets(covers: csr_array) -> list[set[int]]:
    return [set(np.flatnonzero(row).tolist()) for row in covers.toarray()]


@given(CASES)
def test_is_the_order_of_counting_all_sites_at_every_step(seed: int) -> None:
    covers, people, hours = case(seed, 9, 14)
    sets, left, order = as_sets(covers), set(range(14)), []
    while len(order) < 9:
        rest = [s for s in range(9) if s not in order]
        best = max(rest, key=lambda s: (sum(people[c] for c in sets[s] & left) / hours[s], -s))
        order.append(best)
        left -= sets[best]
    found = repair_order(covers, people, hours)
    assert found.order.tolist() == order
    assert found.returned.sum() == pytest.approx(found.lost) == sum(people[c] for c in set().union(*sets))


@given(CASES)
def test_people_hours_are_within_the_bound_of_the_best_of_all_orders(seed: int) -> None:
    covers, people, hours = case(seed, 5, 10)
    sets = as_sets(covers)
    every = [wait(sets, people, hours, order) for order in itertools.permutations(range(5))]
    found = repair_order(covers, people, hours)
    assert found.people_hours == pytest.approx(wait(sets, people, hours, tuple(found.order)))
    assert min(every) - 1e-9 <= found.people_hours <= 4.0 * min(every) + 1e-9
    back = np.arange(5)[::-1]
    assert follow(covers, people, hours, back).people_hours == pytest.approx(
        wait(sets, people, hours, tuple(back))
    )


@given(CASES)
def test_sites_that_share_nobody_are_repaired_in_the_best_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, 5, 15)
    covers = csr_array(owner[None, :] == np.arange(5)[:, None])
    people, hours = rng.integers(1, 9, 15).astype(float), rng.choice([1.0, 2.0, 5.0], 5)
    sets = as_sets(covers)
    least = min(wait(sets, people, hours, order) for order in itertools.permutations(range(5)))
    assert repair_order(covers, people, hours).people_hours == pytest.approx(least)


def test_equals_go_by_what_else_they_return_then_by_their_place() -> None:
    covers = csr_array(np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]], dtype=bool))
    people = np.array([5.0, 5.0, 0.0, 7.0])
    assert repair_order(covers, people).order.tolist() == [0, 1, 2, 3]
    other = repair_order(covers, people, also=np.array([0.0, 0.0, 3.0, 0.0]))
    assert other.order.tolist() == [2, 0, 1, 3]
    assert other.returned.tolist() == [5.0, 5.0, 0.0, 0.0]
    assert other.lost == 10.0  # nobody can help the seven


def test_nothing_to_repair_is_no_order() -> None:
    found = repair_order(csr_array((0, 4)), np.ones(4))
    assert (len(found.order), found.lost, found.people_hours) == (0, 0.0, 0.0)
