"""A report and an animation in a real browser that has no network: whole, in every theme and width, and inert."""

import re

import pytest
from playwright.sync_api import expect

from engine.reports.animation import animation_html
from engine.reports.findings import findings
from engine.reports.report import report_html
from tests.app import hostile
from tests.app.views.stored import trained

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(chromium, tmp_path):
    """``opened(html, **context)``: the file opened without a network; no request may leave it, and no error be told."""
    contexts, told = [], []

    def open_file(html, width=1200, **context):
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, offline=True, **context))
        page = contexts[-1].new_page()
        page.on("request", lambda request: request.url == path.as_uri() or told.append(f"asked for {request.url[:99]}"))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("console", lambda said: said.type in ("error", "warning") and told.append(said.text))
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert not told


def drawn(page, theme="light"):
    """The page once every chart is drawn in a theme."""
    expect(page.locator(f".plot:not([data-drawn={theme}])")).to_have_count(0, timeout=30_000)
    assert page.locator(".plot .main-svg").count() >= page.locator(".plot").count() > 4
    return page


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def wide(page):
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_a_report_opens_offline_in_every_theme_and_width(opened, store):
    html = report_html(findings(store, [store.run(trained(store))], budget=2))
    light = drawn(opened(html))
    assert background(light) == "rgb(255, 255, 255)" and wide(light) <= 0
    light.emulate_media(color_scheme="dark")
    drawn(light, "dark")
    assert background(light) == "rgb(18, 22, 28)"
    narrow = drawn(opened(html, width=400, color_scheme="dark"), "dark")
    assert wide(narrow) <= 0
    narrow.get_by_text("The numbers as a table").first.click()
    assert wide(narrow) <= 0
    with narrow.expect_download() as download:
        narrow.get_by_role("link", name="Download the grouping file").click()
    assert download.value.suggested_filename.endswith("-budget-2.json")


def test_no_name_in_a_report_is_run(opened, store):
    run = store.run(hostile.filled(store)["affinity"])
    page = drawn(opened(report_html(findings(store, [run], hostile.NAME)), width=400))
    for task in hostile.TASKS:
        expect(page.locator("#strongest")).to_contain_text(task)
    page.locator(".plot").first.hover()
    assert page.evaluate("window.hacked") is None and page.locator("img, [onmouseover], [onerror]").count() == 0


def test_no_script_but_the_reports_own_may_run(chromium, store, tmp_path):
    html = report_html(findings(store, [store.run(trained(store))]))
    path = tmp_path / "a.html"
    path.write_text(html.replace("</header>", "<img src=x onerror='hacked=1'><script>hacked=2</script></header>"))
    page = chromium.new_page()
    page.goto(path.as_uri())
    assert drawn(page).evaluate("window.hacked") is None
    page.close()


def test_an_animation_plays_stops_and_is_led_by_the_keyboard(opened, store):
    run_id = hostile.filled(store)["affinity"]
    page = opened(animation_html(store.series(run_id), hostile.NAME), width=400)
    when, play = page.locator("#when"), page.locator("#play")
    expect(play).to_have_text("Pause")
    first = when.inner_text()
    expect(when).not_to_have_text(first)
    play.click()
    page.locator("h1").click()
    page.keyboard.press("Home")
    expect(when).to_have_text(re.compile("steps 0 to 10"))
    page.keyboard.press("ArrowRight")
    expect(when).to_have_text(re.compile("steps 10 to 20"))
    page.locator("#time").focus()
    page.keyboard.press("End")
    expect(when).to_have_text(re.compile("12 of 12"))
    page.locator("#matrix").hover(position={"x": 200, "y": 200})
    expect(page.locator("#cell")).to_be_visible()
    assert wide(page) <= 0 and page.evaluate("window.hacked") is None


def test_an_animation_rests_where_motion_is_to_be_reduced(opened, store):
    page = opened(animation_html(store.series(trained(store)), "mine"), reduced_motion="reduce", color_scheme="dark")
    expect(page.locator("#play")).to_have_text("Play")
    assert background(page) == "rgb(18, 22, 28)"
    assert page.evaluate("matrix.getContext('2d').getImageData(0, 0, matrix.width, matrix.height).data.some(Boolean)")
