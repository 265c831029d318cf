import numpy as np

from engine.federated.systems import seed_of, turnout
from tests.engine.federated.problems import settings

NAMES = tuple(f"phone {place}" for place in range(40))


def draw(names=NAMES, rounds=50, **chosen):
    found = [turnout(settings(**chosen), number, names) for number in range(1, rounds + 1)]
    return np.array([each.present for each in found]), np.array([each.effort for each in found])


def test_nobody_drops_out_or_straggles_unless_asked_to():
    present, effort = draw()
    assert present.all() and (effort == 1).all()


def test_the_shares_are_those_asked_for():
    present, effort = draw(drop=0.3, stragglers=0.4)
    assert abs(present.mean() - 0.7) < 0.03 and abs((effort < 1).mean() - 0.4) < 0.03
    assert effort.min() > 0 and abs(effort[effort < 1].mean() - 0.5) < 0.03


def test_draws_depend_on_seed_round_and_name_alone():
    whole = draw(drop=0.3, stragglers=0.4)
    again = draw(NAMES[::-1][:7], drop=0.3, stragglers=0.4)
    for one, two in zip(whole, again, strict=True):
        np.testing.assert_array_equal(one[:, ::-1][:, :7], two)
    assert (whole[0] != draw(drop=0.3, seed=1)[0]).any()
    assert (whole[0][0] != whole[0][1]).any()
    assert len({seed_of(0, number, name, purpose) for number in (1, 2) for name in "ab" for purpose in (0, 1)}) == 8


def test_more_drops_lose_the_same_clients_and_more():
    assert (draw(drop=0.2)[0] >= draw(drop=0.6)[0]).all()
