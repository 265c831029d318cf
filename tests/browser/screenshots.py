"""Pictures of every page, light and dark, wide and narrow: ``python -m tests.browser.screenshots FOLDER``.

With ``--readme``, those that belong to the README, in ``.github/screenshots``: the ones that it shows, wide and light;
and in the folder ``pages`` one of every page in all four ways.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from io import BytesIO
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from engine.cli import main as engine
from engine.datasets.tables.keeping import keep
from tests import chromium
from tests.browser.test_data import houses

ROOT = Path(__file__).parents[2]
PORT = 8699
PAGES = {
    "runs": "",
    "launch": "data?dataset=digit_pairs",  # from where the form is opened
    "data-rooms": "data?dataset=rooms",
    "data-pairs": "data?dataset=digit_pairs",
    "data-table": "data?dataset=table&table={table}&targets=%5B%22price%22%2C%22sold%22%5D"
    "&leave_out=%5B%22house_id%22%5D",
    "overview": "overview?run={run}&budget=4",
    "affinity": "affinity?run={run}&order=cluster&pair=%5B%22Class3%22%2C+%22Class4%22%5D",
    "graph": "graph?run={run}&threshold=0.35",
    "training": "training?run={run}",
    "compare": "compare?run={run}&runs=%5B%22{run}%22%2C%22{one}%22%2C%22{two}%22%5D",
    "sweeps": "sweeps",
    "training-linear": "training?run={linear}",
    "training-federated": "training?run={federated}",
    "affinity-linear": "affinity?run={linear}&order=cluster",
    "studies": "studies?study=setting1",
    "studies-networks": "studies?study={study}&study_part=networks",
    "studies-groupings": "studies?study={study}&study_part=groupings",
    "studies-alike": "studies?study={study}&study_part=alike",
    "verify": "verify?study=setting1&study_budget=2.5&replayed=9",
    "verify-predicted": "verify?study={study}&verify_part=predicted",
    "verify-ways": "verify?study={study}&verify_part=ways",
    "verify-flow": "verify?study=setting1&verify_part=flow",
    "verify-next": "verify?study={pairs}&study_budget=2.5",
    "found": "found",
    "grouping": "grouping?run={run}&budget=4",
    "grouping-conditions": (
        "grouping?run={run}&budget=2.5&half=single&singleton=0.0&apart=%5B%5B%22Class3%22%2C%22Class4%22%5D%5D"
    ),
}
ONE_EACH = (
    *("runs", "data-rooms", "overview", "affinity", "graph", "training", "grouping", "compare", "sweeps", "studies"),
    *("verify", "found"),
)
BESIDE = 1600  # pixels of a page's height, beside another
README = ("runs", "data-rooms", "affinity", "graph", "grouping", "training-linear", "studies", "verify-flow")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readme", action="store_true", help="those of the README only")
    arguments = parser.parse_args()
    pages = arguments.folder / "pages" if arguments.readme else arguments.folder
    pages.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/kindred.db"
        # the exact estimator, so that the pictures do not depend on how fast this machine is
        exact = ["--affinity", "lookahead", "--store", url]
        engine(["sweep", "--dataset", "yeast", "--epochs", "2", "--seeds", "1", "--name", "yeast", "--store", url])
        engine(["run", "--dataset", "yeast", "--epochs", "20", "--name", "Yeast, 20 epochs", *exact])
        engine(["run", "--dataset", "digits", "--epochs", "30", "--name", "Digits, 30 epochs", *exact])
        for number in (1, 2):
            seed = ["--seed", str(number), "--name", f"Yeast, seed {number}"]
            engine(["run", "--dataset", "yeast", "--epochs", "10", *seed, *exact])
        from engine.runs.store import Store

        slants = ["--dataset", "digit_slants", "--store", url]
        few = ["--methods", "independent,mean_regularized,joint_features,task_covariance"]
        engine(["linear", *few, "--name", "Slants, linear", *slants])
        engine(["federated", "--samples", "20", "--drop", "0.3", "--name", "Slants, federated", *slants])
        five = ["--tasks", "Class1,Class2,Class3,Class4,Class5", "--networks", "whole", "--observe"]
        engine(["measure", "--dataset", "yeast", "--epochs", "25", *five, "--name", "Yeast, measured", *exact])
        pairs = [*five[:2], "--networks", "half_singles,pairs", "--name", "Yeast, pairs", "--store", url]
        engine(["measure", "--dataset", "yeast", "--epochs", "15", *pairs])
        ids = {run.name: run.id for run in Store(url).runs()}
        runs = {
            "run": ids["Yeast, 20 epochs"],
            "one": ids["Yeast, seed 1"],
            "two": ids["Yeast, seed 2"],
            "linear": ids["Slants, linear"],
            "federated": ids["Slants, federated"],
            "study": ids["Yeast, measured"],
            "pairs": ids["Yeast, pairs"],
        }
        table = keep(houses(), "houses.csv", Store(url).tables).name
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.port", str(PORT)],
            cwd=ROOT,
            env={**os.environ, "KINDRED_STORE": url},
        )
        try:
            _wait()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
                for scheme, width in product(("light", "dark"), (1440, 400)):
                    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    for name, address in PAGES.items():
                        button = "Launch a run on it" if name == "launch" else ""
                        paths = {}  # with how much of the page is shown
                        if name in ONE_EACH or not arguments.readme:
                            paths[pages / f"{name}-{scheme}-{width}.png"] = None
                        if arguments.readme and name in README and (scheme, width) == ("light", 1440):
                            paths[arguments.folder / f"{name}.png"] = BESIDE
                        if paths:
                            _take(page, address.format(**runs, table=table), paths, button)
                    page.close()
        finally:
            server.terminate()


def _wait() -> None:
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_stcore/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)


def _take(page: Page, address: str, paths: dict[Path, int | None], button: str = "") -> None:
    """A picture of the whole page; with a button, of the form that it opens."""
    page.goto(f"http://127.0.0.1:{PORT}/{address}")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    if button:
        page.get_by_role("button", name=button).click()
        page.get_by_role("dialog").wait_for()
    page.wait_for_timeout(3000)
    whole = "[role=dialog]" if button else "[data-testid=stMain]"
    height = page.evaluate(f"document.querySelector('{whole}').scrollHeight") + (200 if button else 0)
    page.set_viewport_size({"width": page.viewport_size["width"], "height": max(900, height)})
    page.wait_for_timeout(700)
    picture = Image.open(BytesIO(page.screenshot())).quantize(256, Image.Quantize.MAXCOVERAGE)
    for path, most in paths.items():
        picture.crop((0, 0, picture.width, min(most or picture.height, picture.height))).save(path, optimize=True)
    page.set_viewport_size({"width": page.viewport_size["width"], "height": 900})


if __name__ == "__main__":
    main()
