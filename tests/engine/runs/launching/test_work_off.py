import pytest

from engine.errors import KindredError
from engine.runs.launching import work_off as module
from engine.runs.launching.work_off import work_off
from tests.engine.runs.writing import CONFIG

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


class Fake:
    """Takes ``room`` runs at a time; a run ends when it has been looked at twice."""

    def __init__(self, store, room=1, claims=True, refused=()):
        self.store, self.room, self.claims, self.refused = store, room, claims, refused
        self.begun, self.most = [], 0
        self._looks = {}

    def start(self, run):
        if run.name in self.refused:
            raise KindredError("It needs more than there is.")
        if len(self._looks) == self.room:
            return False
        self._looks[run.id] = 0
        self.begun.append(run.name)
        self.most = max(self.most, len(self._looks))
        if self.claims:
            token = self.store.claim(run.id)
            self.store.write(run.id, token, status="finished")
        return True

    def ended(self):
        self._looks = {run_id: looks + 1 for run_id, looks in self._looks.items()}
        done = [run_id for run_id, looks in self._looks.items() if looks == 2]
        for run_id in done:
            del self._looks[run_id]
        return done

    @property
    def at_work(self):
        return tuple(self._looks)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(module, "POLL_SECONDS", 0.0)


def queue_of(store, names):
    run_ids = [store.create(CONFIG, name) for name in names]
    store.enqueue(run_ids, "here")
    return run_ids


@pytest.mark.parametrize("room", [1, 2, 5])
def test_all_are_worked_off_in_their_order_and_no_more_at_a_time_than_there_is_room(store, room):
    run_ids = queue_of(store, "abcd")
    fake = Fake(store, room)
    work_off(store, fake, lambda: store.waiting("here"))
    assert fake.begun == list("abcd") and fake.most == min(room, 4)
    assert {store.run(run_id).status for run_id in run_ids} == {"finished"}


def test_another_queue_is_left_alone(store):
    other = store.create(CONFIG)
    store.enqueue([other], "elsewhere")
    queue_of(store, "a")
    fake = Fake(store)
    work_off(store, fake, lambda: store.waiting("here"))
    assert fake.begun == ["a"] and store.run(other).status == "queued"


def test_a_run_that_is_cancelled_while_it_waits_is_never_begun(store):
    first, second = queue_of(store, "ab")
    fake = Fake(store)
    work_off(store, fake, lambda: store.waiting("here"), lambda: _cancel(store, second))
    assert fake.begun == ["a"] and store.run(second).status == "cancelled"


def _cancel(store, run_id):
    if store.run(run_id).active:
        store.request_cancel(run_id)


def test_what_cannot_be_started_fails_with_its_sentence_and_the_next_begins(store):
    first, second = queue_of(store, "ab")
    work_off(store, Fake(store, refused="a"), lambda: store.waiting("here"))
    assert store.run(first).error == "It needs more than there is." and store.run(first).status == "failed"
    assert store.run(second).status == "finished"


def test_a_worker_that_ends_before_it_begins_leaves_a_sentence(store):
    (run_id,) = queue_of(store, "a")
    work_off(store, Fake(store, claims=False), lambda: store.waiting("here"))
    run = store.run(run_id)
    assert run.status == "failed" and run.resumable and "resume it" in run.error
