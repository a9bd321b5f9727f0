"""Listens that do not count, reports in disorder, and what is no listen."""

from __future__ import annotations

import random
import uuid

from flexapp.kernel.signing import Signer
from flexapp.listening import own_plays, sessions
from flexapp.listening.ingest import ingest_of
from flexapp.listening.visitors import VisitorKeys
from tests.factories.listening import CHROME, IPHONE, Listener
from tests.factories.people import make_person
from tests.functional.listening.conftest import Scene
from tests.functional.listening.scripts import script


def sign_in(scene: Scene, person_id: str, *, address: str, agent: str) -> None:
    """The browser is known as the person's wherever something of theirs played."""
    with scene.services.database.reading() as session:
        hosts = own_plays.known_hosts(session, person_id, now=scene.clock.now())
    own_plays.note(
        ingest_of(scene.services.database),
        VisitorKeys(scene.services.database),
        person_id=person_id,
        hosts=hosts,
        address=address,
        user_agent=agent,
        now=scene.clock.now(),
    )


def step(listener: Listener, scene: Scene) -> None:
    """Show the licenses of a beat, put one in a cart and go to pay."""
    for kind in ("o", "a", "c"):
        listener.send([listener.event("page-0001", scene.beat, kind)])


# What does not count


@script("refusals")
def a_crawler_counts_nothing(scene: Scene) -> None:
    scene.listener(agent="Mozilla/5.0 (compatible; Googlebot/2.1)", flags=["bot"]).hear(scene.beat, (0, 60))


@script("refusals", loads=1, opens=1)
def beats_that_never_were_have_no_steps(scene: Scene) -> None:
    listener = scene.listener()
    invented = [(kind, f"trk_{number:026}") for number, kind in enumerate("oac", 1)]
    listener.send([listener.event(f"step-{kind}-0001", None, kind, b=track) for kind, track in invented])
    listener.send([listener.event("step-o-0002", scene.beat, "o")])


@script("refusals", loads=1)
def a_program_that_reports_with_a_fetched_token_counts_nothing(scene: Scene) -> None:
    scene.listener(agent="python-requests/2.34").hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def no_user_agent_counts_nothing(scene: Scene) -> None:
    scene.listener(agent="").hear(scene.beat, (0, 60))


@script("refusals")
def the_owner_s_look_from_the_dashboard_counts_nothing(scene: Scene) -> None:
    scene.listener(flags=["preview"]).hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def a_play_without_delivered_bytes_waits(scene: Scene) -> None:
    listener = scene.listener()
    listener.is_served = False
    listener.hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def a_tenth_of_the_bytes_is_not_enough(scene: Scene) -> None:
    listener = scene.listener()
    listener.is_served = False
    listener.fetch(scene.beat, 6)
    listener.hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def the_same_bytes_eight_times_are_no_others(scene: Scene) -> None:
    listener = scene.listener()
    listener.is_served = False
    for _ in range(8):
        listener.fetch(scene.beat, 6.25)
    listener.hear(scene.beat, (0, 50))


@script("refusals", loads=1)
def bytes_of_other_parts_of_the_beat_are_no_proof(scene: Scene) -> None:
    listener = scene.listener()
    listener.is_served = False
    listener.fetch(scene.beat, 60, start=60)
    listener.hear(scene.beat, (0, 40))


@script("refusals", loads=1, starts=1, plays=1, heard=60)
def bytes_that_are_recorded_late_free_the_play(scene: Scene) -> None:
    listener = scene.listener()
    listener.is_served = False
    listener.hear(scene.beat, (0, 60))
    scene.settle()
    listener.fetch(scene.beat, 30)
    scene.settle()
    listener.fetch(scene.beat, 30, start=30)


@script("refusals", loads=1)
def listening_faster_than_time_counts_nothing(scene: Scene) -> None:
    listener = scene.listener()
    listener.fetch(scene.beat, 120)
    scene.wait(5)
    play = str(uuid.uuid4())
    events = [listener.event(play, scene.beat, "s", at=0)]
    events.append(listener.event(play, scene.beat, "h", iv=[[0, 60]], at=60_000))
    listener.send(events)
    scene.wait(300)  # patience afterwards does not help
    listener.hear(scene.other, (0, 30))


@script("refusals", loads=1)
def something_behind_the_end_of_the_beat_waits(scene: Scene) -> None:
    listener = scene.listener()
    listener.fetch(scene.beat, 1000)
    listener.hear(scene.beat, (100, 140))


@script("refusals", loads=1)
def a_beat_that_does_not_exist_counts_nothing(scene: Scene) -> None:
    listener = scene.listener()
    ghost = type(scene.beat)(id="trk_" + "0" * 26, duration_ms=120_000)
    listener.hear(ghost, (0, 60))


@script("refusals", loads=1)
def a_flood_of_events_waits(scene: Scene) -> None:
    listener = scene.listener()
    listener.fetch(scene.beat, 120)
    play = str(uuid.uuid4())
    for _ in range(11):
        events = [listener.event(play, scene.beat, "h", iv=[[second, second + 1]]) for second in range(20)]
        assert listener.send(events).status_code == 204


@script("refusals", loads=2, starts=1, plays=1, heard=30)
def the_owner_s_own_plays_do_not_count_where_the_browser_is_known(scene: Scene) -> None:
    mine = scene.listener(address="198.51.100.5", agent=IPHONE, host="mine.example")
    mine.hear(scene.beat, (0, 60))
    scene.listener().hear(scene.beat, (0, 30))
    scene.settle()
    sign_in(scene, scene.affiliate.id, address="198.51.100.5", agent=IPHONE)


@script("refusals", loads=1)
def a_link_preview_counts_nothing(scene: Scene) -> None:
    scene.listener(agent="facebookexternalhit/1.1").hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def a_page_fetched_in_advance_counts_nothing(scene: Scene) -> None:
    scene.listener(headers={"Sec-Purpose": "prefetch;prerender"}).hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def two_beats_at_once_in_one_session_outrun_time(scene: Scene) -> None:
    listener = scene.listener()
    plays = [listener.begin(beat) for beat in (scene.beat, scene.other)]
    for start in (0, 10, 20, 30):
        scene.wait(10)
        for play, beat in zip(plays, (scene.beat, scene.other), strict=True):
            listener.tell(play, beat, start, start + 10)


@script("refusals", loads=1)
def a_page_whose_clock_stands_still_waits(scene: Scene) -> None:
    listener = scene.listener()
    listener.clock_stands = True
    listener.hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def an_edited_token_counts_nothing(scene: Scene) -> None:
    listener = scene.listener()
    listener.token = listener.token[:-1] + ("A" if listener.token[-1] != "A" else "B")
    listener.hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def a_token_under_somebody_else_s_key_counts_nothing(scene: Scene) -> None:
    listener = scene.listener()
    forger = Signer("somebody-else-s-secret-somebody-else-s-secret")
    listener.token = sessions.mint(
        forger, app_id=scene.app.id, placement_id="", channel="direct", host="", now=scene.clock.now()
    )
    listener.hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def bytes_of_another_beat_are_no_proof(scene: Scene) -> None:
    listener = scene.listener()
    listener.is_served = False
    listener.fetch(scene.other, 120)
    listener.hear(scene.beat, (0, 60))


@script("refusals", loads=2)
def bytes_of_another_session_are_no_proof(scene: Scene) -> None:
    scene.listener().fetch(scene.beat, 120)
    listener = scene.listener()
    listener.is_served = False
    listener.hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def downloads_without_reports_count_nothing(scene: Scene) -> None:
    scene.listener().fetch(scene.beat, 120)


@script("refusals", loads=1, starts=1, plays=1, heard=30)
def impossible_numbers_refuse_their_report_alone(scene: Scene) -> None:
    listener = scene.listener()
    play = listener.begin(scene.beat)
    for wrong in ([[-5, 30]], [[30, 10]], [[0, 1e9]], [["0", 30]], [[0]]):
        assert listener.send([listener.event(play, scene.beat, "h", iv=wrong)]).status_code == 400
    listener.go_on(play, scene.beat, 0, 30)


@script("refusals", loads=1)
def the_platform_s_people_count_nothing_where_their_browser_is_known(scene: Scene) -> None:
    with scene.services.database.writing() as session:
        person_id = make_person(session, is_admin=True).id
    scene.listener(address="198.51.100.9", host="theirs.example").hear(scene.beat, (0, 60))
    scene.settle()
    sign_in(scene, person_id, address="198.51.100.9", agent=CHROME)


@script("refusals", loads=4, opens=1, adds=1, checkouts=1)
def own_steps_to_a_sale_count_nothing_before_and_after_the_browser_is_known(scene: Scene) -> None:
    """The producer of the beat; a stranger's steps beside theirs stay."""
    early, late, plain, stranger = (
        scene.listener(address=address, host="mine.example")
        for address in ("198.51.100.6", "198.51.100.6", "198.51.100.6", "198.51.100.7")
    )
    early.hear(scene.beat, (0, 30))
    step(early, scene)
    step(stranger, scene)
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).opens == 2
    sign_in(scene, scene.producer.id, address="198.51.100.6", agent=CHROME)
    scene.settle()
    step(late, scene)
    sign_in(scene, scene.affiliate.id, address="198.51.100.6", agent=CHROME)  # behind the same key: no news
    step(plain, scene)


@script("refusals", loads=2)
def plays_from_data_centers_wait(scene: Scene) -> None:
    for address in ("192.0.2.10", "2001:db8:dc:1::5"):
        scene.listener(address=address).hear(scene.beat, (0, 60))


@script("refusals", loads=1)
def a_play_that_goes_on_through_a_data_center_waits(scene: Scene) -> None:
    listener = scene.listener(headers={"Sec-GPC": "1"})
    play = listener.begin(scene.beat)
    listener.go_on(play, scene.beat, 0, 30)
    listener.address = "192.0.2.10"
    listener.go_on(play, scene.beat, 30, 60)


@script("refusals", loads=1, starts=1, plays=1, heard=60)
def a_play_through_a_relay_of_browsers_counts(scene: Scene) -> None:
    scene.listener(address="192.0.2.200").hear(scene.beat, (0, 60))


# Order, loss and repetition


@script("order", loads=1, starts=1, plays=1, completed=1, heard=120)
def reports_cut_off_and_sent_again_in_other_pieces_count_once(scene: Scene) -> None:
    listener = scene.listener()
    events = [event for body in listener.script(scene.beat, (0, 120)) for event in body]
    for size in (5, 1, 3):
        for start in range(0, len(events), size):
            listener.send(events[start : start + size])
        scene.settle()


@script("order", loads=1, starts=1, plays=1, completed=1, heard=120)
def every_report_sent_three_times_counts_once(scene: Scene) -> None:
    listener = scene.listener()
    for body in listener.script(scene.beat, (0, 120)):
        for _ in range(3):
            assert listener.send(body).status_code == 204


@script("order", loads=1, starts=1, plays=1, completed=1, heard=120)
def reports_in_any_order_count_the_same(scene: Scene) -> None:
    listener = scene.listener()
    bodies = listener.script(scene.beat, (0, 120))
    random.Random(7).shuffle(bodies)
    for body in bodies:
        listener.send(body)


@script("order", loads=1, starts=1, plays=1, completed=1, heard=120)
def reports_folded_one_by_one_backwards_count_the_same(scene: Scene) -> None:
    listener = scene.listener()
    for body in reversed(listener.script(scene.beat, (0, 120))):
        listener.send(body)
        scene.settle()


@script("order", loads=2, starts=2, plays=1, replays=1, completed=1, heard=150)
def an_earlier_play_that_reports_later_takes_the_count(scene: Scene) -> None:
    first = scene.listener()
    bodies = first.script(scene.beat, (0, 120))
    scene.wait(600)
    scene.listener().hear(scene.beat, (0, 30))
    scene.settle()
    for body in bodies:
        first.send(body)


@script("order", loads=1, starts=1, plays=1, completed=1, heard=120)
def reports_of_last_week_are_taken(scene: Scene) -> None:
    listener = scene.listener()
    bodies = listener.script(scene.beat, (0, 120))
    scene.wait(7 * 86_400)
    for body in bodies:
        assert listener.send(body).status_code == 204


@script("order")
def reports_of_a_session_from_last_month_are_dropped(scene: Scene) -> None:
    listener = scene.listener(flags=["bot"])
    bodies = listener.script(scene.beat, (0, 120))
    scene.wait(31 * 86_400)
    for body in bodies:
        assert listener.send(body).status_code == 204


@script("order", loads=1, starts=1, plays=1, heard=50)
def a_lost_report_loses_only_what_it_said(scene: Scene) -> None:
    listener = scene.listener()
    for body in [body for place, body in enumerate(listener.script(scene.beat, (0, 60))) if place != 3]:
        listener.send(body)


# Impressions, checkouts, several beats


@script("others", loads=1, impressions=1)
def an_impression_counts_once_per_session(scene: Scene) -> None:
    listener = scene.listener()
    for page in ("page-0001", "page-0002"):
        listener.send([listener.event(page, None, "i")])


@script("others", loads=1, checkouts=2)
def a_checkout_counts_once_per_session_and_beat(scene: Scene) -> None:
    listener = scene.listener()
    for beat in (scene.beat, scene.other, scene.beat):
        listener.send([listener.event("page-0001", beat, "c")])


@script("others", loads=1, opens=2, adds=1)
def licenses_shown_and_put_in_a_cart_count_once_per_session_and_beat(scene: Scene) -> None:
    listener = scene.listener()
    for kind, beat in (("o", scene.beat), ("o", scene.other), ("o", scene.beat), ("a", scene.beat)):
        listener.send([listener.event("page-0001", beat, kind)])


@script("others", loads=1, starts=3, plays=3, completed=1, heard=100)
def a_lineup_that_plays_on(scene: Scene) -> None:
    listener = scene.listener()
    listener.hear(scene.beat, (0, 30))
    listener.hear(scene.short, (0, 40))
    listener.hear(scene.other, (0, 30))
