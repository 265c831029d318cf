from app.components.live_chart.view import agree

A, B, C = {"interval": [0, None]}, {"interval": [20, 80]}, {"interval": [40, 60]}


def test_a_constant_argument_leaves_what_the_visitor_chose():
    first = agree(None, A, None)
    moved = agree(first, A, B)
    again = agree(moved, A, B)
    assert (first.shown, moved.shown, again.shown) == (A, B, B)
    assert again.told == A and again.number == first.number


def test_an_echoed_argument_sends_nothing_to_the_browser():
    first = agree(None, A, None)
    moved = agree(first, A, B)
    echoed = agree(moved, B, B)
    assert echoed.shown == B
    assert (echoed.number, echoed.told) == (first.number, first.told)


def test_an_echo_that_comes_late_does_not_undo_what_the_visitor_chose_meanwhile():
    moved = agree(agree(None, A, None), A, B)
    assert agree(moved, B, C).shown == C


def test_a_changed_argument_moves_the_chart_even_back_to_where_it_began():
    moved = agree(agree(agree(None, A, None), A, B), B, B)
    reset = agree(moved, A, B)
    assert reset.shown == reset.told == A
    assert reset.number == moved.number + 1


def test_the_visitor_may_move_on_after_the_page_did():
    reset = agree(agree(agree(None, A, None), A, B), C, B)
    assert reset.shown == C
    assert agree(reset, C, A).shown == A


def test_changing_one_argument_keeps_the_visitors_other_choices():
    given = {"interval": [0, None], "node": None}
    chosen = {"interval": [20, 80], "node": None}
    moved = agree(agree(None, given, None), given, chosen)
    assert agree(moved, given | {"node": "pose"}, chosen).told == {"interval": [20, 80], "node": "pose"}


def test_a_chart_that_was_gone_starts_from_the_arguments():
    moved = agree(agree(None, A, None), A, B)
    back = agree(moved, C, None)
    assert back.shown == back.told == C and back.number > moved.number
