import threading
import time

from app.components.latest import Latest


def test_a_new_state_takes_the_place_of_the_earlier_one():
    latest, made = Latest(), []

    def make(before):
        made.append(before)
        return len(made)

    assert [latest.of(state, make) for state in "aabba"] == [1, 1, 2, 2, 3]
    assert made == [None, 1, 2]


def test_what_many_ask_for_at_a_time_is_made_once():
    latest, made, found = Latest(), [], []

    def make(before):
        time.sleep(0.05)
        made.append(1)
        return object()

    threads = [threading.Thread(target=lambda: found.append(latest.of("now", make))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len(set(map(id, found))) == 1


def test_what_could_not_be_made_is_tried_again():
    latest = Latest()
    try:
        latest.of("now", lambda before: 1 / 0)
    except ZeroDivisionError:
        assert latest.of("now", lambda before: 7) == 7
