"""With a login, the server takes files from editors only."""

from contextlib import suppress

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from app.components import uploads

SECRET = "a secret of a test, which is long enough to be taken"
PUT = "/_stcore/upload_file/a-session/a-file"


@pytest.fixture(autouse=True)
def login(monkeypatch):
    monkeypatch.setenv("KINDRED_AUTH", "oidc")
    monkeypatch.setenv("KINDRED_EDITORS", "groups=editors")
    monkeypatch.setattr(uploads, "get_cookie_secret", lambda: SECRET)


def status(path=PUT, method="PUT", **cookies: str) -> int:
    """What the server answers; 200 where the request is passed on."""
    answers = []

    async def passed_on(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})

    async def send(message):
        answers.append(message)

    told = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    scope = {"type": "http", "path": path, "method": method, "headers": [(b"cookie", told)]}
    with suppress(StopIteration):  # nothing in it waits, so that it needs no loop, of which another test may have one
        uploads.ForEditors(passed_on)(scope, None, send).send(None)
    return answers[0]["status"]


def signed(content: str, secret: str = SECRET, name: str = uploads.USER_COOKIE_NAME) -> dict[str, str]:
    return {uploads.USER_COOKIE_NAME: create_signed_value(secret, name, content).decode()}


def test_files_are_taken_from_editors_alone():
    editor = '{"is_logged_in": true, "sub": "1", "groups": ["editors"]}'
    assert status(**signed(editor)) == status(f"/base{PUT}", **signed(editor)) == 200
    refused = [
        {},
        signed('{"is_logged_in": true, "sub": "2", "groups": ["staff"]}'),
        signed('{"is_logged_in": false, "sub": "1", "groups": ["editors"]}'),
        signed(editor, "another secret that is just as long as the right one"),
        signed(editor, name="_another_cookie"),
        {uploads.USER_COOKIE_NAME: editor.replace(";", "")},
        {uploads.USER_COOKIE_NAME: "\u00e4"},
        signed("chunks-3"),
    ]
    for cookies in refused:
        for method in ("PUT", "POST", "DELETE"):
            assert status(method=method, **cookies) == 403


def test_all_else_is_passed_on_and_without_a_login_so_are_files(monkeypatch):
    assert status("/_stcore/health", "GET") == status("/kindred/plotly/1/plotly.min.js", "GET") == 200
    monkeypatch.delenv("KINDRED_AUTH")
    monkeypatch.delenv("KINDRED_EDITORS")
    assert status() == 200
