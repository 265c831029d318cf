"""Who may see and change what: from the environment and what a provider says of a visitor."""

import pytest
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton

from app import access
from app.access import Access, User, user_of
from engine.errors import KindredError

OIDC = {"KINDRED_AUTH": "oidc", "KINDRED_EDITORS": "groups=kindred-editors,admins"}


@pytest.fixture
def secrets(tmp_path):
    """``secrets(text)``: what Streamlit's file of secrets says."""

    def written(text: str) -> None:
        path = tmp_path / "secrets.toml"
        path.write_text(text)
        secrets_singleton._reset()
        config.set_option("secrets.files", [str(path)])

    before = config.get_option("secrets.files")
    yield written
    secrets_singleton._reset()
    config.set_option("secrets.files", before)


def test_without_a_variable_everybody_is_the_one_editor_without_a_limit():
    open_to_all = Access.of({})
    assert open_to_all == Access() and user_of({}, open_to_all) == User("", True) and open_to_all.limit is None


def test_a_visitor_who_has_not_logged_in_is_nobody():
    rule = Access.of(OIDC)
    for claims in (
        {},
        {"is_logged_in": False, "sub": "1", "groups": "admins"},
        {"is_logged_in": "true", "sub": "1", "groups": "admins"},  # as a header that a proxy passes on might say
        {"is_logged_in": True, "groups": "admins"},  # of whom nothing tells them from others
        {"sub": "1", "email": "a@x.org"},
    ):
        assert user_of(claims, rule) is None


@pytest.mark.parametrize(
    ("groups", "editor"),
    [
        ("admins", True),
        (["staff", "kindred-editors"], True),
        (("admins",), True),
        ("Admins", False),
        ("admins ", False),
        ("admin", False),
        (["kindred-editors,admins"], False),
        ({"admins": True}, False),
        ([["admins"]], False),
        (True, False),
        (None, False),
        ([], False),
    ],
)
def test_an_editor_is_told_by_the_claim_alone(groups, editor):
    told = {"is_logged_in": True, "sub": "1", "groups": groups}
    assert user_of(told, Access.of(OIDC)) == User("1", editor)


def test_an_address_counts_only_if_it_is_not_said_to_be_unconfirmed():
    rule = Access.of({"KINDRED_AUTH": "oidc", "KINDRED_EDITORS": "email=ann@x.org, bob@x.org"})
    told = {"is_logged_in": True, "sub": "1", "email": "bob@x.org"}
    assert user_of(told, rule) == user_of(told | {"email_verified": True}, rule) == User("bob@x.org", True)
    for denied in (False, "false"):
        assert user_of(told | {"email_verified": denied}, rule) == User("1", False)


def test_with_a_login_and_no_rule_nobody_is_an_editor():
    rule = Access.of({"KINDRED_AUTH": "oidc"})
    for told in ({"": ""}, {"": None}, {"groups": ["admins"]}, {}):
        assert user_of({"is_logged_in": True, "sub": "1"} | told, rule) == User("1", False)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"KINDRED_AUTH": ""}, "KINDRED_AUTH is ''"),
        ({"KINDRED_AUTH": "OIDC"}, "must be oidc"),
        ({"KINDRED_AUTH": "none"}, "not be set at all"),
        ({"KINDRED_EDITORS": "groups=a"}, "everybody would be an editor"),
        ({"KINDRED_AUTH": "oidc", "KINDRED_EDITORS": ""}, "name a claim"),
        ({"KINDRED_AUTH": "oidc", "KINDRED_EDITORS": "groups"}, "name a claim"),
        ({"KINDRED_AUTH": "oidc", "KINDRED_EDITORS": "=a"}, "name a claim"),
        ({"KINDRED_AUTH": "oidc", "KINDRED_EDITORS": "groups=a,"}, "name a claim"),
        ({"KINDRED_LAUNCH_LIMIT": "0"}, "at least 1"),
        ({"KINDRED_LAUNCH_LIMIT": "-3"}, "at least 1"),
        ({"KINDRED_LAUNCH_LIMIT": "many"}, "or none"),
        ({"KINDRED_LAUNCH_LIMIT": "²"}, "or none"),
    ],
)
def test_what_cannot_be_meant_is_refused(variables, said):
    with pytest.raises(KindredError, match=said):
        Access.of(variables)


def test_the_limit_is_20_with_a_login_unless_another_is_said():
    assert Access.of({"KINDRED_AUTH": "oidc"}).limit == 20
    assert Access.of({"KINDRED_LAUNCH_LIMIT": "3"}).limit == 3
    assert Access.of({"KINDRED_AUTH": "oidc", "KINDRED_LAUNCH_LIMIT": "none"}).limit is None


GOOD = '[auth]\nredirect_uri = "http://localhost:8501/oauth2callback"\ncookie_secret = "{}"\n' + (
    'client_id = "a"\nclient_secret = "b"\nserver_metadata_url = "https://x.org/.well-known/openid-configuration"\n'
)


def test_a_login_without_a_provider_or_with_a_weak_secret_does_not_start(secrets, monkeypatch):
    monkeypatch.setenv("KINDRED_AUTH", "oidc")
    for text, said in (
        ("", "no provider to log in with"),
        ("[auth]\n", "no provider to log in with"),
        (GOOD.format("x" * 40).replace("client_id", "client"), "client_id"),
        ("[auth", "no provider to log in with"),
        (GOOD.format(""), "cookie_secret"),
        (GOOD.format("xxx"), "fewer than 32 characters"),
    ):
        secrets(text)
        with pytest.raises(KindredError, match=said):
            access.check()
    secrets(GOOD.format("x" * 40))
    access.check()


def buttons(app):
    """What can be pressed beside the choice of a language."""
    return [each.label for each in app.button if not each.key.startswith("speak-")]


def test_no_page_is_drawn_for_whoever_has_not_logged_in(main_app, monkeypatch, secrets):
    assert "CelebA" in " ".join(each.value for each in main_app.markdown)
    monkeypatch.setenv("KINDRED_AUTH", "oidc")
    secrets("")
    broken = main_app.run()
    assert "no provider" in broken.error[0].value and not broken.markdown and not buttons(broken)
    secrets(GOOD.format("x" * 40))
    asked = main_app.run()
    assert buttons(asked) == ["Log in"] and not asked.markdown and not asked.exception
    monkeypatch.setattr(access, "_claims", lambda: {"is_logged_in": True, "sub": "<b>1</b>"})
    shown = main_app.run()
    assert shown.title[0].value == "Runs" and not shown.exception
    assert any("\\<b\\>1" in each.value and "viewer" in each.value for each in shown.caption)
