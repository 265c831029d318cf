import threading
import time

import pytest

from app.components import working
from app.components.working import Question, Work
from engine.errors import KindredError
from tests.waiting import wait_for


def test_answers_get_better_until_the_last():
    go = threading.Event()

    def answers():
        yield 1
        go.wait(10)
        yield 2

    work = Work("a", answers)
    assert wait_for(work.look, pause=0.01) == 1 and not work.done and work.running
    go.set()
    work.wait(10)
    assert work.look() == 2 and work.done and not work.running


def test_what_fails_is_told_to_whoever_looks():
    def answers():
        yield 1
        raise KindredError("no more")

    work = Work("a", answers)
    work.wait(10)
    with pytest.raises(KindredError, match="no more"):
        work.look()


def ever(begun):
    """Answers without end."""
    begun.append(1)
    while True:
        time.sleep(0.005)
        yield len(begun)


def test_nobody_looks_at_it_so_it_ends_and_begins_anew_with_the_next_look():
    begun = []
    work = Work("a", lambda: ever(begun), unseen=0.05)
    wait_for(lambda: not work.running, pause=0.01)
    assert not work.done
    question = Question()
    question._now = work
    again = question.work("a", lambda: iter([7]))
    again.wait(10)
    assert again is not work and again.look() == 7


def test_all_who_ask_share_the_work():
    begun = []

    def answers():
        begun.append(1)
        yield len(begun)

    question = Question()
    works = [question.work("a", answers) for _ in range(5)]
    works[0].wait(10)
    assert len(set(works)) == 1 and question.work("a", answers).look() == 1 and len(begun) == 1


def test_another_state_is_worked_on_at_once_unless_it_moves_by_itself(monkeypatch):
    monkeypatch.setattr(working, "REST", 1e9)
    question = Question()
    first = question.work("a", lambda: iter([1]), moving=True)
    first.wait(10)
    assert question.work("b", lambda: iter([2]), moving=True) is first  # it rests
    assert first.look() == 1
    final = question.work("b", lambda: iter([2]))
    final.wait(10)
    assert final.state == "b" and final.look() == 2


def test_while_it_moves_the_last_answer_stands_until_the_next(monkeypatch):
    monkeypatch.setattr(working, "REST", 0.0)
    question, go = Question(), threading.Event()

    def late():
        go.wait(10)
        yield 2

    first = question.work("a", lambda: iter([1]), moving=True)
    first.wait(10)
    assert question.work("b", late, moving=True) is first
    assert question.work("c", late, moving=True) is first  # work on "b" goes on to its end
    go.set()
    second = wait_for(lambda: (work := question.work("b", late, moving=True)) is not first and work, pause=0.01)
    assert second.state == "b" and second.look() == 2
