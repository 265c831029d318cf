"""The doors between the rooms, as import-linter and the interpreter see them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_contracts_of_the_design_are_kept():
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_light_half_of_the_engine_loads_no_torch():
    light = "engine.catalog, engine.cli, engine.tasks, engine.runs.store, engine.runs.launching.queue, "
    light += "engine.affinity.series, engine.affinity.uncertainty, engine.affinity.settings, engine.grouping.stability"
    light += ", engine.runs.worker, engine.regularized.session, engine.federated.session"
    check = f"import sys; import {light}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0
