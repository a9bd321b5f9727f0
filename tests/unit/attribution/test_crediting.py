"""Who is credited: the placement of the line, else the last touch, else nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flexapp.attribution.crediting import Decision, Evidence, Rule, credit
from flexapp.attribution.touches import MOST, Touch, read_touches, remember, write_touches
from flexapp.kernel.signing import Signer

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WINDOW = timedelta(days=30)
SIGNER = Signer("s" * 32)


def evidence(owner: str, *, ago: timedelta = timedelta(), refused: str = "") -> Evidence:
    return Evidence(
        f"plc_{owner}", f"app_{owner}", owner, f"{owner}@mail.example", "own_site", NOON - ago, refused
    )


def decide(direct: Evidence | None = None, touches: tuple[Evidence, ...] = (), **options: Any) -> Decision:
    values: dict[str, Any] = {
        "producer_id": "kaito",
        "allows_affiliate_sales": True,
        "buyer_email": "buyer@mail.example",
        "now": NOON,
        "window": WINDOW,
    }
    return credit(direct=direct, touches=touches, **{**values, **options})


def test_the_placement_of_the_line_wins_over_every_touch() -> None:
    decision = decide(evidence("mara"), (evidence("blog", ago=timedelta(hours=1)),))
    assert (decision.rule, decision.affiliate_id) == (Rule.PLACEMENT, "mara")
    assert not decision.producer_is_affiliate
    assert [row["kind"] for row in decision.explanation["evidence"]] == ["placement", "touch"]


def test_without_a_placement_the_last_touch_within_the_window_is_credited() -> None:
    decision = decide(
        touches=(evidence("old", ago=timedelta(days=29)), evidence("new", ago=timedelta(days=2)))
    )
    assert (decision.rule, decision.affiliate_id) == (Rule.LAST_TOUCH, "new")


def test_a_touch_on_the_edge_of_the_window_counts_and_a_second_later_does_not() -> None:
    assert decide(touches=(evidence("mara", ago=WINDOW),)).affiliate_id == "mara"
    decision = decide(touches=(evidence("mara", ago=WINDOW + timedelta(seconds=1)),))
    assert decision.rule is Rule.NONE
    assert decision.explanation["evidence"][0]["refused"] == "outside_window"


def test_a_touch_from_the_future_is_not_believed() -> None:
    assert decide(touches=(evidence("mara", ago=-timedelta(minutes=1)),)).rule is Rule.NONE


def test_a_refused_placement_falls_back_to_the_last_touch() -> None:
    decision = decide(evidence("mara", refused="placement_revoked"), (evidence("blog"),))
    assert decision.affiliate_id == "blog"
    assert decision.explanation["evidence"][0]["refused"] == "placement_revoked"


def test_the_producers_own_app_is_a_self_referral() -> None:
    decision = decide(evidence("kaito"))
    assert decision.producer_is_affiliate
    assert decision.affiliate_id == "kaito"


def test_a_producer_who_sells_alone_owes_nothing_to_a_touch_but_keeps_the_own_one() -> None:
    touches = (evidence("mara", ago=timedelta(hours=1)), evidence("kaito", ago=timedelta(hours=2)))
    decision = decide(touches=touches, allows_affiliate_sales=False)
    assert decision.affiliate_id == "kaito"
    assert decision.explanation["evidence"][0]["refused"] == "producer_sells_alone"


def test_a_producer_who_sells_alone_owes_nothing_to_a_placement_of_somebody_else() -> None:
    decision = decide(evidence("mara"), allows_affiliate_sales=False)
    assert (decision.rule, decision.affiliate_id, decision.placement_id) == (Rule.NONE, None, None)
    assert decision.explanation["rule"] == "none"
    assert decision.explanation["evidence"][0]["refused"] == "producer_sells_alone"
    own = decide(evidence("kaito"), allows_affiliate_sales=False)
    assert (own.rule, own.affiliate_id) == (Rule.PLACEMENT, "kaito")


def test_an_affiliate_who_buys_is_credited_and_flagged() -> None:
    decision = decide(evidence("mara"), buyer_email="Mara+beats@mail.example")
    assert decision.affiliate_id == "mara"
    assert decision.explanation["flags"] == ["buyer_is_affiliate"]


def test_nobody_is_credited_without_evidence_and_that_is_explained_too() -> None:
    decision = decide()
    assert (decision.rule, decision.affiliate_id, decision.channel) == (Rule.NONE, None, "direct")
    assert decision.explanation["rule"] == "none"


def touch(owner: str, *, ago: timedelta) -> Touch:
    return Touch(f"plc_{owner}", owner, NOON - ago)


def test_touches_survive_the_cookie_and_an_edited_cookie_is_nothing() -> None:
    touches = [touch("a", ago=timedelta(days=1)), touch("b", ago=timedelta(days=2))]
    cookie = write_touches(SIGNER, touches)
    assert read_touches(SIGNER, cookie) == touches
    assert read_touches(SIGNER, cookie[:-1] + ("A" if cookie[-1] != "A" else "B")) == []
    assert read_touches(SIGNER, "x" * 5000) == []
    assert read_touches(SIGNER, SIGNER.seal("placement", {"t": [["plc_x", "x", 1]]})) == []
    assert read_touches(SIGNER, SIGNER.seal("touch", {"t": [["plc_x"], 7, ["p", "o", "now"]]})) == []


def test_one_touch_is_kept_of_each_affiliate_the_latest_and_few_in_all() -> None:
    touches: list[Touch] = []
    for place in range(10):
        touches = remember(touches, touch(f"a{place}", ago=timedelta(days=20 - place)), window=WINDOW)
    assert len(touches) == MOST
    assert touches[0].owner_id == "a9"
    touches = remember(touches, touch("a5", ago=timedelta()), window=WINDOW)
    assert [one.owner_id for one in touches].count("a5") == 1
    assert touches[0].owner_id == "a5"
