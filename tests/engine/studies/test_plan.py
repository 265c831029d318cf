"""The command that makes the studies which ship with Kindred, in its short form."""

from engine.runs.studies import kept_studies
from engine.studies.files import from_json
from tests.benchmarks.studies import PLAN, main


def test_the_short_form_trains_a_whole_study_and_keeps_its_result(tmp_path, capsys):
    store = f"sqlite:///{tmp_path / 'kindred.db'}"
    command = [
        "--quick",
        "--only",
        "rooms-5-percent",
        "--workers",
        "1",
        "--store",
        store,
        "--to",
        str(tmp_path / "kept"),
    ]
    assert main(command) == 0
    assert "rooms-5-percent: 21 networks" in capsys.readouterr().out
    path = tmp_path / "kept" / "rooms-5-percent.json"
    study = from_json(path.read_bytes(), path.name)
    assert study.known().all() and study.name == "rooms-5-percent"


def test_what_is_kept_is_what_the_plan_makes():
    for study in kept_studies():
        config = PLAN[study.name]
        assert study.known().all() and study.known("test").all()
        assert f"epochs {config.epochs}" in study.source and config.dataset in study.source
        listed = {order.network for order in config.orders(study.tasks) if not order.transfer_from}
        assert listed <= set(study.networks)
