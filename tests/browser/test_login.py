"""A dashboard with a login, in a real browser: nobody sees a run before, a viewer changes nothing, an editor may."""

import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from app.components.assets import module_url, plotly_url
from tests.app.provider import provider
from tests.conftest import free_port, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def asked():
    """The provider that the dashboard asks."""
    with provider() as found:
        yield found


@pytest.fixture
def guarded_dashboard(store_url, store, asked, tmp_path):
    """The address of a dashboard where ann is an editor."""
    port = free_port()
    secrets = asked.secrets(tmp_path, f"http://127.0.0.1:{port}")
    rule = {"KINDRED_AUTH": "oidc", "KINDRED_EDITORS": "groups=kindred-editors,others", "KINDRED_LAUNCH_LIMIT": "1"}
    with serving(store_url, port, STREAMLIT_SECRETS_FILES=str(secrets), **rule) as (address, _):
        yield address


def log_in(page, address, path=""):
    page.goto(f"{address}/{path}")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_nobody_sees_a_page_before_they_log_in(guarded_dashboard, page):
    for path in ("", "affinity", "grouping", "data", "verify", "nonsense"):
        page.goto(f"{guarded_dashboard}/{path}")
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        text = page.inner_text("body")
        assert not any(word in text for word in ("CelebA", "Launch", "Runs", "Grouping"))


def test_a_viewer_looks_and_an_editor_may_change(guarded_dashboard, page, asked, store):
    asked.claims = {"sub": "1", "email": "bob@example.org", "groups": ["staff"]}
    log_in(page, guarded_dashboard)
    expect(page.get_by_text("bob@example.org · viewer")).to_be_visible()
    expect(page.get_by_text("CelebA").first).to_be_visible()
    for label in ("Launch a run", "Import a matrix"):
        expect(page.get_by_role("button", name=label)).to_be_disabled()
    with page.expect_response(lambda reply: "/auth/logout" in reply.url):  # which takes the cookie away
        page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()

    asked.claims = {"sub": "2", "email": "ann@example.org", "groups": ["kindred-editors"]}
    log_in(page, guarded_dashboard)
    expect(page.get_by_text("ann@example.org · editor")).to_be_visible()
    page.get_by_role("button", name="Launch a run").click()
    page.get_by_label("Name").fill("hers")
    page.get_by_role("spinbutton", name="Epochs").fill("1")
    page.get_by_role("button", name="Launch", exact=True).click()
    expect(page.locator("[class*=st-key-run-yeast]")).to_contain_text("hers")
    assert [run.owner for run in store.runs() if run.name == "hers"] == ["ann@example.org"]


def test_without_a_login_the_server_takes_no_file_and_tells_nothing_of_runs(guarded_dashboard, store):
    sent = urllib.request.Request(f"{guarded_dashboard}/_stcore/upload_file/any/any", b"x", method="PUT")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(sent)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{guarded_dashboard}/metrics")
    paths = ["/healthz", "/readyz", plotly_url(), module_url("main.js"), "/_stcore/metrics", "/_stcore/health", "/"]
    secret = {run.id for run in store.runs()} | {run.name for run in store.runs()}
    for path in paths:
        with urllib.request.urlopen(guarded_dashboard + path) as reply:
            assert not any(each in reply.read().decode("utf-8", "replace") for each in secret)
    interact = urllib.request.Request(f"{guarded_dashboard}/_stcore/agent/interact", b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="40"):
        urllib.request.urlopen(interact)
