"""What an address says is looked up or left out: it opens no file, and no number in it breaks a page."""

import sys

import pytest

from app import state
from tests.app.views.stored import trained
from tests.app.views.studied import studied
from tests.engine.datasets.tables.made import as_csv, houses

OPENED: list[str] = []
WATCHED: set[str] = set()


def _watch(event: str, arguments: tuple) -> None:
    if event in ("open", "os.listdir", "os.scandir", "glob.glob", "shutil.rmtree", "import") and WATCHED:
        OPENED.append(str(arguments[0]))


sys.addaudithook(_watch)  # cannot be taken away again, so it looks only while something is watched


@pytest.fixture
def secret(tmp_path):
    """A table outside of the store's folder, which no page may open."""
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    path = outside / "forbidden.csv"
    path.write_bytes(as_csv(houses(30)))
    WATCHED.add("forbidden")
    yield path
    WATCHED.clear()
    OPENED.clear()


def ways(path) -> list[str]:
    """How an address may name the file."""
    return [
        str(path), f"file://{path}", f"../../{path.parent.name}/{path.name}", f"..\\..\\{path.name}",
        f"tables/../../{path.parent.name}/{path.name}", f"{path}\0.csv", f"%2e%2e/{path.name}", f"local://{path}",
        "link.csv", "forbidden:load", "os:system",
    ]  # fmt: skip


@pytest.mark.parametrize("way", range(11))
def test_no_table_outside_the_store_is_opened(show, store, secret, way):
    store.tables.mkdir(parents=True)
    (store.tables / "link.csv").symlink_to(secret)
    app = show("data", dataset="table", table=ways(secret)[way], targets='["price"]')
    assert not app.exception and not any("forbidden" in each for each in OPENED)


@pytest.mark.parametrize("way", [0, 2, 9])
def test_no_address_opens_a_file(show, store, secret, way):
    run_id = trained(store)
    named = ways(secret)[way]
    for page, address in (
        ("data", {"dataset": named}),
        ("affinity", {"run": named}),
        ("affinity", {"run": f"seeds:{named}"}),
        ("training", {"run": named, "curves": f'["{way}"]', "curve_of": named}),
        ("compare", {"run": run_id, "other": named, "other_reading": named}),
        ("grouping", {"run": named, "singleton": named}),
        ("studies", {"study": named, "way": named, "beside": named}),
        ("verify", {"study": named, "predictor": named}),
        ("sweeps", {"sweep": named}),
    ):
        OPENED.clear()
        app = show(page, **address)
        assert not app.exception, page
        assert not any("forbidden" in each for each in OPENED), page


NUMBERS = ("-1", "0", "9" * 18, "9" * 40, "1e308", "nan", "-inf", "")


@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_breaks_a_page(show, store, number):
    run_id, study = trained(store), studied(store)
    for page, names in {
        "data": ("data_part", "samples_page"),
        "runs": ("shown_runs",),
        "graph": ("threshold", "interval", "top"),
        "affinity": ("cut", "interval"),
        "overview": ("budget", "interval", "threshold", "top"),
        "grouping": ("budget", "max_size", "auxiliaries", "singleton"),
        "studies": ("study_budget",),
        "verify": ("study_budget", "replayed"),
    }.items():
        told = {"order": "cluster"} if page == "affinity" else {}
        told |= {name: f"{number}-{number}" if name == "interval" else number for name in names}
        app = show(page, run=run_id, study=study, dataset="digits", **told)
        assert not app.exception, f"{page}: {told}"


LISTS = ("[]", "{}", "[[]]", '{"a":[]}', '{"a":1}', '{"a":null}', "[" * 100_000, '["a","a"]', "0", "\0")


@pytest.mark.parametrize("text", LISTS)
def test_no_list_breaks_a_page(show, store, text):
    run_id = trained(store)
    lists = [name for name, each in state._PARAMETERS.items() if each.default in ((), None)]
    for page in ("grouping", "affinity", "compare", "overview"):
        app = show(page, **{name: text for name in lists if name not in ("run", "study")} | {"run": run_id})
        assert not app.exception, page
