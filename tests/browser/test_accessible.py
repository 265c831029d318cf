"""No page has a serious fault that axe-core finds, in light or dark, and none is too wide for 400 px."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from engine.runs.store import Store
from engine.texts import texts
from tests.app.views.stored import seeds, trained
from tests.browser.test_main_path import settled
from tests.conftest import serving

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
COLOURS = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}  # nothing else is different in the dark
PAGES = [key.removeprefix("pages.") for key in texts("en") if key.startswith("pages.")]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A dashboard on a store with a run of its own and a group of seeds: its address and the run's id."""
    folder = tmp_path_factory.mktemp("accessible")
    store = Store(f"sqlite:///{folder / 'kindred.db'}")
    seeds(store)
    run_id = trained(store)
    with serving(store.url) as (address, _):
        yield address, run_id


def violations(page, rules) -> list[str]:
    found = Axe().run(page, options=rules).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} {node['any'][0]['message'][:140] if node['any'] else ''}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_serious_fault(served, chromium, name):
    address, run_id = served
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, color_scheme="light")
    page = context.new_page()
    page.goto(f"{address}/{name}?run={run_id}")
    settled(page)
    page.wait_for_timeout(1500)  # charts are drawn after the script has ended
    found = violations(page, RULES)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(500)
    found += [f"dark: {each}" for each in violations(page, COLOURS)]
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_timeout(500)
    found += [f"{width} px wide" for width in [page.evaluate("document.documentElement.scrollWidth")] if width > 400]
    context.close()
    assert not found, "\n".join(found)
