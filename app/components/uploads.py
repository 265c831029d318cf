"""Files that a browser sends: with a login, the server takes them from editors only, before it keeps a byte of them.

Streamlit itself takes them from every open session, also from one that has not logged in.
"""

import json
import os

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from app.access import Access, user_of

_PATH = "/_stcore/upload_file/"


class ForEditors:
    """The middleware that refuses them of others, with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        upload = scope["type"] == "http" and _PATH in scope["path"] and scope["method"] not in ("OPTIONS", "HEAD")
        access = Access.of(os.environ)
        if upload and access.login:
            user = user_of(_claims(HTTPConnection(scope)), access)
            if user is None or not user.editor:
                await PlainTextResponse("Only editors may send files.", 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _claims(request: HTTPConnection) -> dict:
    """What the cookie says that Streamlit signed at the login; nothing where there is none, or it was changed."""

    def signed(name: str) -> bytes | None:
        value = request.cookies.get(name)
        return value and decode_signed_value(get_cookie_secret(), name, value.encode("latin-1", "replace"))

    content = get_cookie_with_chunks(signed, USER_COOKIE_NAME)
    return json.loads(content) if content else {}
