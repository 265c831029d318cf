"""What other programs ask the server, on a store of either kind and on one that is away."""

import re
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app import endpoints, metrics
from app.components.runs import opened
from engine.runs import schema
from engine.runs.database import StoreAway
from engine.runs.run import SILENCE
from engine.runs.store import Store
from engine.version import VERSION
from tests.engine.runs.writing import CONFIG, running, silent_for

STATES = {"queued", "running", "finished", "interrupted", "cancelled", "failed"}


@pytest.fixture
def client():
    return TestClient(Starlette(routes=endpoints.routes()))


def families(client, **headers):
    reply = client.get("/metrics", headers=headers)
    assert reply.status_code == 200 and reply.headers["content-type"].startswith("text/plain; version=")
    return {family.name: family for family in text_string_to_metric_families(reply.text)}


def values(family, label):
    return {sample.labels[label]: sample.value for sample in family.samples if not sample.name.endswith("_created")}


def test_a_server_whose_store_answers_lives_and_is_ready(store, client):
    assert client.get("/healthz").json() == {"status": "alive"}
    reply = client.get("/readyz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize("path", ["/nowhere/secret-folder/kindred.db", "/proc/kindred.db"])
def test_without_a_store_it_lives_and_is_not_ready_and_tells_no_secret(client, monkeypatch, path):
    monkeypatch.setenv("KINDRED_STORE", f"sqlite:///{path}")
    monkeypatch.setattr("app.components.runs._open", away)
    assert client.get("/healthz").status_code == 200
    reply = client.get("/readyz")
    assert reply.status_code == 503 and set(reply.json()) == {"status", "why"}
    assert "secret" not in reply.text and "/" not in reply.text and reply.json()["why"].count(".") == 1
    found = families(client)
    assert found["kindred_store_up"].samples[0].value == 0
    assert "kindred_runs" not in found and "process_resident_memory_bytes" in found


def away(url):
    raise StoreAway(f"The store {url} failed.")


def test_a_store_without_its_tables_is_not_ready(store, client):
    opened()
    with store._database.writing() as connection:
        connection.execute(schema.store.update().values(schema_version=schema.VERSION + 1))
    assert client.get("/readyz").status_code == 503


def test_a_store_that_keeps_silent_holds_nobody_up(client, monkeypatch):
    monkeypatch.setattr(endpoints, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("app.components.runs._open", lambda url: time.sleep(2))
    began = time.monotonic()
    for _ in range(8):  # more than there are threads for
        assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert families(client)["kindred_store_up"].samples[0].value == 0
    assert time.monotonic() - began < 3.5


def test_a_dead_postgresql_is_told_within_the_time(postgresql, client, monkeypatch):
    monkeypatch.setenv("KINDRED_STORE", postgresql.database())
    assert client.get("/readyz").status_code == 200
    assert families(client)["kindred_store_up"].samples[0].value == 1
    monkeypatch.setenv("KINDRED_STORE", "postgresql+psycopg://someone:secret@127.0.0.1:1/kindred")
    began = time.monotonic()
    reply = client.get("/readyz")
    assert reply.status_code == 503 and "secret" not in reply.text and "someone" not in reply.text
    assert time.monotonic() - began < endpoints.ANSWER_SECONDS + 1


def test_runs_queues_and_heartbeats_are_told_without_names(store, client):
    (at_work, token), (silent, _) = running(store), running(store)
    silent_for(store, at_work, 3.0)
    silent_for(store, silent, SILENCE + 1)
    waiting = [store.create(CONFIG, f"secret name {number}", owner="somebody") for number in range(3)]
    store.enqueue(waiting[:2], "local@here")
    store.enqueue(waiting[2:], "ray@there")
    with store._database.writing() as connection:
        run = schema.runs.update().where(schema.runs.c.id == waiting[0])
        connection.execute(run.values(created=time.time() - 100))
    found = families(client)
    states = values(found["kindred_runs"], "status")
    assert set(states) == STATES
    assert states == dict.fromkeys(STATES, 0) | {"queued": 3, "running": 1, "interrupted": 1, "finished": 6}
    assert values(found["kindred_queue_runs"], "queue") == {"local@here": 2, "ray@there": 1}
    oldest = values(found["kindred_queue_oldest_run_age_seconds"], "queue")
    assert 100 <= oldest["local@here"] < 110 and 0 <= oldest["ray@there"] < 10
    assert 3 <= found["kindred_worker_heartbeat_age_seconds"].samples[0].value < SILENCE
    text = client.get("/metrics").text
    assert not any(secret in text for secret in (at_work, waiting[0], "secret", "somebody", store.url, token))


def test_every_metric_is_named_and_explained_as_prometheus_asks_for(store, client):
    opened().runs()
    store.rename(store.runs()[0].id, "new")
    metrics.timed("runs", lambda: None)()
    reply = client.get("/metrics").text
    for name, family in families(client).items():
        assert family.documentation and family.type != "unknown", name
        assert re.fullmatch(r"(kindred|process)_[a-z_]+", name)
        assert reply.count(f"# HELP {name}") >= 1
    assert f'kindred_build_info{{version="{VERSION}"}} 1.0' in reply
    assert "process_resident_memory_bytes" in reply


def test_transactions_and_drawings_are_timed_as_the_dashboard_has_them(store, client):
    def count(name, **labels):
        return metrics._REGISTRY.get_sample_value(f"{name}_count", labels) or 0

    mine = opened()
    before = count("kindred_store_transaction_seconds", kind="read")
    mine.runs()
    assert count("kindred_store_transaction_seconds", kind="read") == before + 1
    before = count("kindred_store_transaction_seconds", kind="write")
    mine.rename(mine.runs()[0].id, "new")
    assert count("kindred_store_transaction_seconds", kind="write") == before + 1

    parts = []

    def page():
        parts.append(metrics.timed_part(lambda: time.sleep(0.01)))
        parts[-1]()

    seen = {extent: count("kindred_page_drawing_seconds", page="mine", extent=extent) for extent in ("whole", "part")}
    metrics.timed("mine", page)()
    parts[0]()
    parts[0]()
    for extent, more in (("whole", 1), ("part", 2)):  # the first drawing of a part is within that of the whole
        assert count("kindred_page_drawing_seconds", page="mine", extent=extent) == seen[extent] + more

    def failing():
        raise KeyError

    with pytest.raises(KeyError):
        metrics.timed("mine", failing)()
    assert count("kindred_page_drawing_seconds", page="mine", extent="whole") == seen["whole"] + 2


def test_metrics_are_for_those_who_show_the_token(store, client, monkeypatch):
    assert client.get("/metrics").status_code == 200
    monkeypatch.setenv("KINDRED_METRICS_TOKEN", "tökén")
    for shown in (None, "", "Bearer", "Bearer wrong", "Basic tökén", "tökén"):
        reply = client.get("/metrics", headers={"Authorization": shown.encode()} if shown is not None else {})
        assert reply.status_code == 401 and reply.headers["www-authenticate"] == "Bearer"
        assert "kindred_" not in reply.text
    assert client.get("/metrics", headers={"Authorization": "Bearer tökén".encode()}).status_code == 200
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


def test_an_overview_is_the_same_on_both_databases(store, postgresql):
    other = Store(postgresql.database())
    for each in (store, other):
        running(each)
        each.enqueue([each.create(CONFIG)], "local@here")
    one, two = store.overview(), other.overview()
    assert one.runs == two.runs and one.queues.keys() == two.queues.keys()


def test_with_a_login_only_the_token_shows_metrics(client, monkeypatch):
    monkeypatch.setenv("KINDRED_AUTH", "oidc")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    monkeypatch.setenv("KINDRED_METRICS_TOKEN", "right")
    assert client.get("/metrics", headers={"Authorization": "Bearer right"}).status_code == 200
    assert client.get("/readyz").status_code == client.get("/healthz").status_code == 200
