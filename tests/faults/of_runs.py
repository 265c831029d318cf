"""The readers of what runs leave behind: their settings, checkpoints, weights, bundles and the store."""

import json
import random
import shutil
from pathlib import Path

from engine.errors import KindredError
from engine.runs.checkpoint import save_checkpoint, take_up
from engine.runs.config import RunConfig
from engine.runs.configs import FederatedConfig, LinearConfig, config_of
from engine.runs.store import Store
from engine.runs.study_config import StudyConfig
from tests.app.views.stored import trained, with_readings
from tests.app.views.studied import studied
from tests.faults import mutations
from tests.faults.mutations import Damage
from tests.faults.reader import Reader


def checkpoint(folder: Path, ending: str, damage: Damage) -> Reader:
    if ending == ".pt":
        from engine.training.session import Session

        methods = {"optimizer": "adam", "affinity": "lookahead", "weighting": "gradnorm"}
        sessions = [Session(RunConfig("digits", width=8, batch_size=32, **methods))]
    else:
        from engine.federated.session import FederatedSession
        from engine.regularized.session import LinearSession

        sessions = [FederatedSession(FederatedConfig(dataset="yeast", tasks="Class1,Class2"))]
        sessions += [LinearSession(LinearConfig(dataset="yeast", tasks="Class1,Class2", sizes="10", seeds=1))]
    sound = {}
    for place, session in enumerate(sessions):
        path = folder / f"{place}{ending}"
        save_checkpoint(path, session.state())
        sound[path.name] = path.read_bytes()

    def read(content: bytes, name: str, where: Path) -> None:
        path = where / name
        path.write_bytes(content)
        take_up(sessions[int(path.stem)], path)

    return Reader(sound, damage, read)


def weights(folder: Path) -> Reader:
    import torch

    from engine.training.weights import load_weights, save_weights

    path = folder / "w.safetensors"
    save_weights(path, {"a.weight": torch.randn(4, 3), "a.bias": torch.zeros(4)}, {"tasks": "a"})

    def read(content: bytes, name: str, where: Path) -> None:
        (where / name).write_bytes(content)
        load_weights(where / name)

    return Reader({path.name: path.read_bytes()}, mutations.of_safetensors, read)


def bundle(folder: Path) -> Reader:
    from engine.training.bundle import Served, load_bundle, write_bundle
    from engine.training.study_session import StudySession
    from tests.engine.training.studying import StudyMemory, dataset

    config = StudyConfig("digits", networks="sign+third", width=8, batch_size=8, epochs=1, patience=1)
    sink, data = StudyMemory(folder), dataset()
    StudySession(config, data).run(sink)
    served = [Served(each, each.tasks) for each in sink.shelf.measured.values()]
    path = write_bundle(folder / "bundle", served, config, data, sink.networks, {})
    inputs = data.test[0].inputs[:2]
    sound = {file.name: file.read_bytes() for file in path.parent.iterdir()}

    def damage(drawn: random.Random, content: bytes) -> bytes:
        return (mutations.of_json if content.startswith(b"{\n") else mutations.of_safetensors)(drawn, content)

    def read(content: bytes, name: str, where: Path) -> None:
        shutil.copytree(path.parent, where / "b")
        (where / "b" / name).write_bytes(content)
        load_bundle(where / "b").predict(inputs)

    return Reader(sound, damage, read)


def store(folder: Path) -> Reader:
    path = folder / "sound.db"
    store = Store(f"sqlite:///{path}")
    trained(store)
    with_readings(store, "gradient_cosine")
    studied(store)
    store._database.close()

    def damage(drawn: random.Random, content: bytes) -> bytes:
        return mutations.of_sqlite(drawn, content, folder)

    def read(content: bytes, name: str, where: Path) -> None:
        (where / name).write_bytes(content)
        store = Store(f"sqlite:///{where / name}")
        try:
            store.measurements()
            store.measured_settings()
            for run in store.runs():
                store.run(run.id), store.evaluations(run.id), store.weights(run.id), store.artifact(run.id, "labels")
                for reading in ("affinity", *store.readings(run.id)):
                    series = store.series(run.id, reading)
                    if len(series):
                        series.mean()
                if run.config:
                    config_of(run.config)
                store.rename(run.id, "again")
        finally:
            store._database.close()

    return Reader({"s.db": path.read_bytes()}, damage, read)


def settings() -> Reader:
    each = [
        RunConfig("digits"),
        StudyConfig("yeast", networks="whole"),
        LinearConfig(dataset="yeast", methods="pooled", sizes="10,all"),
        FederatedConfig(dataset="yeast", relation="similarity", matrix=((1, 0), (0, 1)), tasks="Class1,Class2"),
        RunConfig("table", table="t.csv", targets="a,b", kinds="a=number"),
    ]
    sound = {f"{place}.json": json.dumps(config.to_json()).encode() for place, config in enumerate(each)}

    def read(content: bytes, _name: str, _folder: Path) -> None:
        try:
            told = json.loads(content)
        except (ValueError, RecursionError):
            raise KindredError("This is no JSON, which the store refuses before it comes to the settings.") from None
        config_of(told).to_json()

    return Reader(sound, mutations.of_json, read)
