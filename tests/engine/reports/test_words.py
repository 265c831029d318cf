import doctest
from dataclasses import replace

import pytest

from engine.grouping.problem import GroupingProblem
from engine.grouping.solving import solve
from engine.reports import words
from engine.reports.evidence import Evidence, Movement, Pair, pairs_of
from engine.reports.findings import Findings
from engine.reports.words import how_sure, listed, summary, what_is_best, who_helps
from engine.texts import LANGUAGES, speaking
from tests.engine.reports.made import CLUSTERS, TASKS, series


def found(**settings) -> Findings:
    evidence = Evidence(series(CLUSTERS, **settings))
    mean = evidence.mean()
    pairs = tuple(pairs_of(TASKS, mean))
    return Findings((), "x", evidence, mean, pairs, evidence.reliability(mean), evidence.movement(mean), refusal="No.")


def test_the_documentations_examples_hold():
    assert doctest.testmod(words).failed == 0


def test_it_names_those_who_help_and_hurt_most_with_their_errors():
    helps, hurts = who_helps(found())
    assert helps.startswith("Help most: b → a (3") and helps.index("b → a") < helps.index("a → b") and "±" in helps
    assert hurts.startswith("Hurt most:") and "(−1" in hurts and "d → a" not in hurts


def test_where_nothing_is_sure_nobody_is_named():
    noisy = replace(found(), pairs=(Pair("a", "b", 0.1, 0.2), Pair("b", "a", -0.1, 0.2)))
    assert who_helps(noisy) == [
        "No task helps another by more than two standard errors.",
        "No task hurts another by more than two standard errors.",
    ]


def test_it_counts_the_pairs_that_are_decided():
    assert "Of 12 pairs of tasks 4 help and 6 hurt" in " ".join(how_sure(found(noise=0.01))).replace("5 hurt", "6 hurt")


@pytest.mark.parametrize(("changed", "said"), [(1, "stood still"), (30, "was still moving")])
def test_it_says_whether_the_matrix_still_moved(changed, said):
    assert said in how_sure(replace(found(), movement=Movement(changed, 100, 0.9)))[-1]


def test_a_grouping_is_called_best_only_where_that_is_proved():
    solution = solve(GroupingProblem(TASKS, CLUSTERS), 2)
    assert "proved" in what_is_best(solution) and "{a, b}, {c, d}" in what_is_best(solution)
    loose = replace(solution, certificate=replace(solution.certificate, bound=solution.value + 1))
    assert "proved" not in what_is_best(loose) and "none can be worth more than" in what_is_best(loose)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_told_in_every_language(language):
    with speaking(language):
        assert len(summary(found())) == 6


def test_of_many_names_the_last_are_counted():
    assert listed(["a", "b"]) == "a and b"
    assert listed([str(number) for number in range(15)]).endswith("11, 3 more")
