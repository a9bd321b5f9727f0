"""Session tokens: what they say, and that nobody else can make them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from flexapp.kernel.signing import Signer
from flexapp.listening import sessions

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SIGNER = Signer("secret one", ("secret zero",))


def mint(**changes: object) -> str:
    fields: dict[str, object] = {
        "app_id": "app_" + "1" * 26,
        "placement_id": "plc_" + "2" * 26,
        "channel": "affiliate",
        "host": "blog.example",
        "now": NOON,
        "flags": ["gpc"],
    }
    return sessions.mint(SIGNER, **{**fields, **changes})  # type: ignore[arg-type]


def test_a_token_says_what_was_put_into_it() -> None:
    claims = sessions.read(SIGNER, mint(), NOON)
    assert claims is not None
    assert (claims.app_id, claims.placement_id) == ("app_" + "1" * 26, "plc_" + "2" * 26)
    assert (claims.channel, claims.host, claims.minted_at) == ("affiliate", "blog.example", NOON)
    assert claims.flags == {"gpc"}


def test_no_two_sessions_share_an_id() -> None:
    found = {claims.session_id for _ in range(200) if (claims := sessions.read(SIGNER, mint(), NOON))}
    assert len(found) == 200
    assert all(len(each) == 16 for each in found)


def test_what_is_missing_is_an_empty_text_and_unknown_flags_are_left_out() -> None:
    claims = sessions.read(SIGNER, mint(app_id=None, placement_id="", host="", flags=["gpc", "vip"]), NOON)
    assert claims is not None
    assert (claims.app_id, claims.placement_id, claims.host, claims.flags) == ("", "", "", {"gpc"})


@pytest.mark.parametrize(
    ("age", "late", "is_good"),
    [
        (timedelta(hours=6), timedelta(), True),
        (timedelta(hours=6, seconds=1), timedelta(), False),
        (timedelta(days=30), sessions.LATE, True),
        (timedelta(days=30, hours=6, seconds=1), sessions.LATE, False),
        (timedelta(days=-1), timedelta(), True),
        (timedelta(days=-1, seconds=-1), timedelta(), False),
    ],
)
def test_a_token_lives_six_hours_its_reports_a_month_and_clocks_may_be_set_back_a_day(
    age: timedelta, late: timedelta, is_good: bool
) -> None:
    assert (sessions.read(SIGNER, mint(), NOON + age, late=late) is not None) is is_good


def test_every_change_of_a_character_is_noticed() -> None:
    token = mint()
    for place, letter in enumerate(token):
        for other in "Aa0.":
            if other != letter:
                changed = token[:place] + other + token[place + 1 :]
                assert sessions.read(SIGNER, changed, NOON) is None or changed == token


@pytest.mark.parametrize("token", ["", "v1", "v1..", "v1.a.b", "v2.a.b", "ü", "x" * 5000, "\x00"])
def test_nonsense_is_no_token(token: str) -> None:
    assert sessions.read(SIGNER, token, NOON) is None


def test_a_token_of_another_purpose_or_key_is_none_of_ours() -> None:
    assert sessions.read(SIGNER, SIGNER.seal("placement", {"s": "x", "c": "direct", "i": 0}), NOON) is None
    other = sessions.mint(Signer("other"), app_id="", placement_id="", channel="direct", host="", now=NOON)
    assert sessions.read(SIGNER, other, NOON) is None


def test_the_key_before_still_reads() -> None:
    old = sessions.mint(
        Signer("secret zero"), app_id="", placement_id="", channel="direct", host="", now=NOON
    )
    assert sessions.read(SIGNER, old, NOON) is not None


@pytest.mark.parametrize(
    "payload", [{}, {"s": 1}, {"s": "x", "c": "d", "i": "now"}, {"s": "x", "c": "d", "i": 1e300}]
)
def test_a_sealed_payload_of_another_shape_is_refused(payload: dict[str, object]) -> None:
    assert sessions.read(SIGNER, SIGNER.seal("listen", payload), NOON) is None


def test_a_token_is_short_and_says_no_more_than_it_must() -> None:
    token = mint(flags=["gpc", "bot", "preview"])
    assert len(token) <= 120
    body = base64.urlsafe_b64decode(token.split(".")[1])
    assert len(body) == 3 + 16 + 16 + len("blog.example") + len("\0") + 6 + 12


@pytest.mark.parametrize(
    "host", ["", "a.example", "ab.example", "abc.example", "localhost:5000", "é.example"]
)
def test_a_site_of_any_length_comes_back_whole(host: str) -> None:
    claims = sessions.read(SIGNER, mint(host=host, layout="card", channel="oembed_consumer"), NOON)
    assert claims is not None
    assert (claims.host, claims.channel, claims.layout) == (host, "oembed_consumer", "card")


def test_an_id_that_is_none_is_refused_when_minting() -> None:
    for wrong in ("app_1", "app_" + "z" * 26):
        with pytest.raises(ValueError, match="is no id"):
            mint(app_id=wrong)


def test_tokens_of_earlier_versions_are_read_for_players_that_are_open() -> None:
    said = {"a": "app_1", "c": "el", "f": "gs", "h": "a.example", "s": "x" * 16}
    earlier = SIGNER.seal("listen", {**said, "i": int(NOON.timestamp() * 1000)})
    found = sessions.read(SIGNER, earlier, NOON)
    assert found is not None
    assert (found.app_id, found.channel, found.layout) == ("app_1", "oembed_consumer", "list")
    assert (found.host, found.flags, found.minted_at) == ("a.example", {"gpc", "script"}, NOON)
    earlier = SIGNER.seal("listen", {"c": "affiliate", "i": int(NOON.timestamp() * 1000), "s": "x" * 16})
    found = sessions.read(SIGNER, earlier, NOON)
    assert found is not None
    assert (found.channel, found.layout) == ("affiliate", "")
    for letters in ("", "?", "zl"):
        wrong = SIGNER.seal("listen", {"c": letters, "i": int(NOON.timestamp() * 1000), "s": "x" * 16})
        assert sessions.read(SIGNER, wrong, NOON) is None
