"""Who may see the dashboard, who may change things in it, and how many runs each may have at a time.

Three variables of the environment decide. Without them the dashboard is for whoever reaches it, who may do everything,
and it listens on this machine alone (``.streamlit/config.toml``).

- ``KINDRED_AUTH=oidc``: nobody sees a page before Streamlit's own login, whose provider stands in the section
  ``[auth]`` of ``.streamlit/secrets.toml``.
- ``KINDRED_EDITORS=claim=value[,value]``: who, of those that log in, may launch, import and change: those of whom the
  provider says so, as in ``groups=kindred-editors`` or ``email=ann@example.org,bob@example.org``. All others only look;
  without the variable, all do.
- ``KINDRED_LAUNCH_LIMIT``: how many runs of one user may be queued or running at a time, or ``none``; 20 with a login,
  none without one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.auth_util import get_signing_secret, is_authlib_installed, validate_auth_credentials
from streamlit.errors import StreamlitAuthError

from app.components.glossary import explain
from app.components.text import plain
from engine.errors import KindredError
from engine.texts import text

_LIMIT = 20
_SHORTEST_SECRET = 32  # characters; whoever guesses it can log in as anyone


@dataclass(frozen=True)
class Access:
    """Attributes:
    login: whether visitors must log in.
    claim, editors: who may change things: those whose claim is, or lists, one of the values; nobody where empty.
    limit: how many runs of one user may be at work; None for any number.
    """

    login: bool = False
    claim: str = ""
    editors: frozenset[str] = frozenset()
    limit: int | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Access":
        """What the variables of the environment ask for.

        Raises:
            KindredError: if one of them cannot be read, or stands there without the login that it is for.
        """
        auth, editors = environment.get("KINDRED_AUTH"), environment.get("KINDRED_EDITORS")
        if auth not in (None, "oidc"):
            raise KindredError(
                f"KINDRED_AUTH is {auth!r}; it must be oidc, which asks every visitor to log in, or not be set at all."
            )
        if auth is None and editors is not None:
            raise KindredError(
                "KINDRED_EDITORS is set, but KINDRED_AUTH is not, so that nobody logs in and everybody would be an "
                "editor; set KINDRED_AUTH=oidc, or take KINDRED_EDITORS away."
            )
        claim, values = _rule(editors)
        return cls(auth is not None, claim, values, _limit(environment.get("KINDRED_LAUNCH_LIMIT"), auth is not None))


@dataclass(frozen=True)
class User:
    """Attributes:
    name: by which its runs are told from others': a confirmed e-mail address, else the provider's id of the user;
        empty where nobody logs in.
    editor: whether it may change things; otherwise it only looks.
    """

    name: str = ""
    editor: bool = True


def user_of(claims: Mapping[str, Any], access: Access) -> User | None:
    """Who a visitor is, by what the provider says of them; None where they have not logged in.

    An address that the provider says is not confirmed counts for nothing.
    """
    if not access.login:
        return User()
    address = "" if claims.get("email_verified") in (False, "false") else claims.get("email")
    name = address or claims.get("sub")
    if claims.get("is_logged_in") is not True or not isinstance(name, str):
        return None
    told = address if access.claim == "email" else claims.get(access.claim)
    values = told if isinstance(told, list | tuple) else [told]
    return User(name, any(isinstance(value, str) and value in access.editors for value in values))


def current() -> User:
    """The visitor.

    Raises:
        KindredError: if they must log in and have not.
    """
    access = Access.of(os.environ)
    user = user_of(_claims() if access.login else {}, access)
    if user is None:
        raise KindredError(text("access.not_logged_in"))
    return user


def limit() -> int | None:
    """How many runs of one user may be queued or running at a time; None for any number."""
    return Access.of(os.environ).limit


def check() -> None:
    """See that the dashboard may start.

    Raises:
        KindredError: if a variable cannot be read, or there is no provider to log in with.
    """
    if not Access.of(os.environ).login:
        return
    if not is_authlib_installed():
        raise KindredError("KINDRED_AUTH is oidc, which needs the package authlib; install requirements.txt again.")
    try:
        validate_auth_credentials("default")
    except StreamlitAuthError as error:
        reason = " ".join(str(error).split()).removesuffix("Please check your configuration.").rstrip(" .")
        raise KindredError(
            f"KINDRED_AUTH is oidc, but there is no provider to log in with ({reason}); write redirect_uri, "
            "cookie_secret, client_id, client_secret and server_metadata_url into the section [auth] of "
            ".streamlit/secrets.toml, or take KINDRED_AUTH away."
        ) from error
    if len(str(get_signing_secret())) < _SHORTEST_SECRET:
        raise KindredError(
            f"The cookie_secret in .streamlit/secrets.toml has fewer than {_SHORTEST_SECRET} characters, so that "
            "somebody may guess it and log in as anyone; write one made by python -c 'import secrets; "
            "print(secrets.token_hex(32))'."
        )


def admit() -> None:
    """Let nobody further who must log in and has not: show them how, or why they cannot, and end the page."""
    try:
        check()
        access = Access.of(os.environ)
    except KindredError as error:
        st.error(plain(str(error)), icon=":material/lock:")
        st.stop()
    if user_of(_claims(), access) is not None:
        return
    st.title("Kindred")
    explain("access.look")
    st.button(text("access.log_in"), type="primary", icon=":material/login:", key="log-in", on_click=st.login)
    st.stop()


def say_who() -> None:
    """Who is logged in and what they may do, with a button to log out; nothing where nobody logs in."""
    user = current()
    if user.name:
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            role = text("access.editor" if user.editor else "access.viewer")
            st.caption(plain(f"{user.name} · {role}"), width="content")
            st.button(
                text("access.log_out"), icon=":material/logout:", type="tertiary", key="log-out", on_click=st.logout
            )


def _claims() -> dict[str, Any]:
    return st.user.to_dict()


def _rule(editors: str | None) -> tuple[str, frozenset[str]]:
    if editors is None:
        return "", frozenset()
    claim, _, listed = editors.partition("=")
    claim, values = claim.strip(), [value.strip() for value in listed.split(",")]
    if not claim or not all(values):
        raise KindredError(
            f"KINDRED_EDITORS is {editors!r}; it must name a claim and its values, as in groups=kindred-editors or "
            "email=ann@example.org,bob@example.org."
        )
    return claim, frozenset(values)


def _limit(written: str | None, login: bool) -> int | None:
    if written is None:
        return _LIMIT if login else None
    if written == "none":
        return None
    if not (written.isascii() and written.isdecimal() and int(written[:10]) > 0):
        raise KindredError(f"KINDRED_LAUNCH_LIMIT is {written!r}; it must be a whole number of at least 1, or none.")
    return int(written)
