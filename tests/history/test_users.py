"""Users, sessions, tokens and failed logins, on every store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from vigie.history.store import History
from vigie.history.users import LoginFailures, Permission, Role, User
from vigie.model.errors import UsageError

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


def add(history: History, name: str, role: Role = Role.VIEWER) -> User:
    with history.begin() as tx:
        return history.users.add(tx, name, "hash", role, NOW, must_change=False)


def test_roles_include_each_other() -> None:
    assert Role.VIEWER.permissions < Role.JUSTIFIER.permissions < Role.ADMIN.permissions == frozenset(Permission)


def test_a_name_is_taken_once_whatever_its_case(history: History) -> None:
    add(history, "Ada")
    with pytest.raises(UsageError, match="a user ada already"):
        add(history, " ADA ")
    assert [user.name for user in history.users.all()] == ["ada"]


@pytest.mark.parametrize("name", ["", " ", "-x", "a b", "<b>", "a" * 65, "ad\u200ba", "ada\n"[:3] + "\x00"])
def test_what_is_no_name_is_refused(sqlite_history: History, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a user's name"):
        add(sqlite_history, name)


def test_a_session_lives_until_it_ends_is_ended_or_its_user_is_shut_out(history: History) -> None:
    ada = add(history, "ada")
    add(history, "root", Role.ADMIN)
    with history.begin() as tx:
        for sha in ("one", "two", "three"):
            history.users.open_session(tx, ada.id, sha, NOW, NOW + HOUR, "browser " * 100)
    found = history.users.session("one", NOW)
    assert found is not None and found[1] == ada and len(found[0].agent) == 256
    assert history.users.session("one", NOW + HOUR) is None
    assert history.users.session("unknown", NOW) is None
    with history.begin() as tx:
        history.users.end_session(tx, "one", NOW)
        assert history.users.end_sessions(tx, ada.id, NOW, keep="two") == 1
    assert [session.token_sha for session in history.users.sessions(ada.id, NOW)] == ["two"]
    with history.begin() as tx:
        history.users.set_disabled(tx, ada.id, NOW, disabled=True)
    assert history.users.session("two", NOW) is None


def test_a_new_password_ends_all_sessions(history: History) -> None:
    ada = add(history, "ada")
    with history.begin() as tx:
        history.users.open_session(tx, ada.id, "one", NOW, NOW + HOUR, "")
        history.users.set_password(tx, ada.id, "new", NOW, must_change=True)
    assert history.users.session("one", NOW) is None
    changed = history.users.get(ada.id)
    assert changed is not None and changed.password_hash == "new" and changed.must_change_password


def test_a_token_counts_until_it_ends_or_is_revoked_by_its_owner(history: History) -> None:
    ada, eve = add(history, "ada"), add(history, "eve")
    with history.begin() as tx:
        pk = history.users.add_token(tx, ada.id, "ci", "sha", [Permission.READ], NOW, NOW + HOUR)
        history.users.note_token_use(tx, pk, NOW)
    found = history.users.token("sha", NOW)
    assert found is not None and found[0].scopes == {Permission.READ} and found[0].last_used_at == NOW
    assert history.users.token("sha", NOW + HOUR) is None
    with pytest.raises(UsageError, match="no API token"), history.begin() as tx:
        history.users.revoke_token(tx, pk, NOW, user_id=eve.id)
    with history.begin() as tx:
        history.users.revoke_token(tx, pk, NOW, user_id=ada.id)
    assert history.users.token("sha", NOW) is None
    assert history.users.tokens(ada.id) == []


def test_somebody_can_always_administer(history: History) -> None:
    root, other = add(history, "root", Role.ADMIN), add(history, "other", Role.ADMIN)
    with history.begin() as tx:
        history.users.set_role(tx, other.id, Role.VIEWER)
    with pytest.raises(UsageError, match="Nobody would be left"), history.begin() as tx:
        history.users.set_role(tx, root.id, Role.VIEWER)
    with pytest.raises(UsageError, match="Nobody would be left"), history.begin() as tx:
        history.users.set_disabled(tx, root.id, NOW, disabled=True)
    unchanged = history.users.get(root.id)
    assert unchanged is not None and unchanged.role is Role.ADMIN and unchanged.disabled_at is None


def test_failures_are_counted_by_name_and_by_address(history: History) -> None:
    with history.begin() as tx:
        for name, address in (("ada", "a"), ("ADA", "a"), ("ada", "b"), ("eve", "a")):
            history.users.note_failure(tx, name, address, NOW)
        assert history.users.failures(tx, "Ada", "a", NOW - HOUR) == LoginFailures(pair=2, name=3, address=3)
        assert history.users.failures(tx, "ada", "a", NOW) == LoginFailures(0, 0, 0)
        history.users.forget_failures(tx, "ada", "a")
        assert history.users.failures(tx, "ada", "a", NOW - HOUR) == LoginFailures(pair=0, name=1, address=1)


def test_two_starts_at_once_make_one_administrator(history: History) -> None:
    def start(_: int) -> bool:
        with history.begin() as tx:
            if history.users.exist(tx):
                return False
            history.users.add(tx, "admin", "hash", Role.ADMIN, NOW, must_change=True)
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(start, range(4))) == 1
    assert len(history.users.all()) == 1
