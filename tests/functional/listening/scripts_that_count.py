"""Listens that count: plays, completion, replays, privacy."""

from __future__ import annotations

from tests.factories.listening import CHROME, IPHONE
from tests.functional.listening.conftest import Scene
from tests.functional.listening.scripts import script

# What is a play


@script("plays", loads=1)
def a_player_that_is_only_looked_at(scene: Scene) -> None:
    scene.listener()


@script("plays", loads=1, starts=1, heard=29.9)
def just_under_30_seconds_is_a_start_and_no_play(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 29.9))


@script("plays", loads=1, starts=1, plays=1, heard=30)
def thirty_seconds_are_a_play(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 30))


@script("plays", loads=1, starts=1, plays=1, heard=30)
def thirty_seconds_from_the_middle_are_a_play(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (60, 90))


@script("plays", loads=1, starts=1, plays=1, heard=60)
def ranges_in_any_order_that_cover_what_was_heard_are_a_play(scene: Scene) -> None:
    """Another part is fetched besides, the beginning twice, and the reports come first."""
    listener = scene.listener()
    listener.is_served = False
    listener.hear(scene.beat, (10, 40), (80, 110))
    for start, end in ((95, 111), (50, 60), (0, 20), (78, 95), (0, 5)):
        listener.fetch(scene.beat, end - start, start=start)
        scene.settle()
    listener.fetch(scene.beat, 20, start=20)


@script("plays", loads=1, starts=1, plays=1, heard=30)
def thirty_seconds_in_three_places_are_a_play(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 10), (50, 60), (100, 110))


@script("plays", loads=1, starts=1, plays=1, heard=30)
def ten_seconds_heard_three_times_are_a_play(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 10), (0, 10), (0, 10))


@script("plays", loads=1, starts=1, heard=19.9)
def less_than_half_of_a_short_beat_is_no_play(scene: Scene) -> None:
    scene.listener().hear(scene.short, (0, 19.9))


@script("plays", loads=1, starts=1, plays=1, heard=20)
def half_of_a_short_beat_is_a_play(scene: Scene) -> None:
    scene.listener().hear(scene.short, (0, 20))


@script("plays", loads=1, starts=1)
def a_start_without_sound_is_only_a_start(scene: Scene) -> None:
    scene.listener().hear(scene.beat)


@script("plays", loads=1, starts=3, heard=30)
def three_starts_of_ten_seconds_are_no_play(scene: Scene) -> None:
    listener = scene.listener()
    for _ in range(3):
        listener.hear(scene.beat, (0, 10))


@script("plays", loads=1, starts=1, plays=1, heard=30)
def a_long_pause_belongs_to_the_same_play(scene: Scene) -> None:
    listener = scene.listener()
    play = listener.begin(scene.beat)
    listener.go_on(play, scene.beat, 0, 15)
    scene.wait(1800)
    listener.go_on(play, scene.beat, 15, 30)


@script("plays", loads=1, starts=1, heard=29)
def silence_is_left_out(scene: Scene) -> None:
    listener = scene.listener()
    play = listener.begin(scene.beat)
    listener.go_on(play, scene.beat, 0, 20)
    scene.wait(20)  # muted: the beat runs on from 20 to 40
    listener.go_on(play, scene.beat, 40, 49)


@script("plays", loads=1, starts=1, plays=1, heard=32)
def seeking_back_and_forth_adds_up(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 8), (90, 98), (4, 12), (110, 118))


@script("plays", loads=1, starts=1, plays=1, completed=1, heard=110)
def a_background_tab_plays_on_and_reports_rarely(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 110), every=55)


@script("plays", loads=1, starts=2, plays=2, heard=60)
def two_beats_one_after_the_other_in_one_player(scene: Scene) -> None:
    listener = scene.listener()
    listener.hear(scene.beat, (0, 30))
    listener.hear(scene.other, (10, 40))


@script("plays", loads=2, starts=2, plays=2, heard=80)
def two_tabs_at_once_are_two_sessions(scene: Scene) -> None:
    left, right = scene.listener(), scene.listener()
    plays = left.begin(scene.beat), right.begin(scene.other)
    for start in (0, 10, 20, 30):
        scene.wait(10)
        left.tell(plays[0], scene.beat, start, start + 10)
        right.tell(plays[1], scene.other, start, start + 10)


@script("plays", loads=1, starts=1, plays=1, heard=30)
def a_page_whose_clock_runs_an_hour_ahead_counts(scene: Scene) -> None:
    listener = scene.listener()
    listener.clock_is_off_ms = 3_600_000
    listener.hear(scene.beat, (0, 30))


@script("plays", loads=2, starts=2, plays=2, heard=130)
def our_own_clocks_may_differ_or_be_set_back(scene: Scene) -> None:
    for seconds in (60, 600):  # the machine that takes the reports is behind
        listener = scene.listener(address=f"203.0.113.{seconds % 250}")
        scene.wait(-seconds)
        listener.clock_is_off_ms = seconds * 1000
        play = listener.begin(scene.beat)
        for start in range(0, 65, 5):
            listener.go_on(play, scene.beat, start, start + 5)
        scene.wait(seconds)


# Completed


@script("completion", loads=1, starts=1, plays=1, heard=94.8)
def seventy_nine_percent_is_not_completed(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 94.8))


@script("completion", loads=1, starts=1, plays=1, completed=1, heard=32)
def eighty_percent_of_a_short_beat_is_completed(scene: Scene) -> None:
    scene.listener().hear(scene.short, (0, 32))


@script("completion", loads=1, starts=1, plays=1, completed=1, heard=96)
def what_is_left_out_in_the_middle_may_be_a_fifth(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 50), (74, 120))


@script("completion", loads=1, starts=1, plays=1, heard=95.9)
def just_under_80_percent_is_not_completed(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 95.9))


@script("completion", loads=1, starts=1, plays=1, completed=1, heard=96)
def eighty_percent_is_completed(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 96))


@script("completion", loads=1, starts=1, plays=1, completed=1, heard=96)
def eighty_percent_in_pieces_is_completed(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (60, 120), (0, 36))


@script("completion", loads=1, starts=1, plays=1, heard=120)
def half_of_a_beat_heard_twice_is_not_completed(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 60), (0, 60))


@script("completion", loads=1, starts=2, plays=1, replays=1, completed=1, heard=240)
def a_replay_that_is_heard_through_completes_nothing(scene: Scene) -> None:
    listener = scene.listener()
    listener.hear(scene.beat, (0, 120))
    listener.hear(scene.beat, (0, 120))


# Replays: one counted play per visitor, beat and hour


@script("replays", loads=2, starts=2, plays=1, replays=1, heard=60)
def the_same_visitor_within_the_hour_replays_on_another_page(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 30))
    scene.wait(50 * 60)
    scene.listener().hear(scene.beat, (0, 30))


@script("replays", loads=2, starts=2, plays=2, heard=60)
def the_same_visitor_after_an_hour_plays_again(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 30))
    scene.wait(60 * 60 - 30)
    scene.listener().hear(scene.beat, (0, 30))


@script("replays", loads=4, starts=4, plays=2, replays=2, heard=120)
def the_hour_is_measured_from_the_last_counted_play(scene: Scene) -> None:
    for _ in range(4):  # at 0, 40, 80 and 120 minutes: the second and the last are replays
        scene.listener().hear(scene.beat, (0, 30))
        scene.wait(40 * 60 - 30)


@script("replays", loads=2, starts=2, plays=2, heard=60)
def two_beats_are_two_plays(scene: Scene) -> None:
    scene.listener().hear(scene.beat, (0, 30))
    scene.listener().hear(scene.other, (0, 30))


@script("replays", loads=2, starts=2, plays=2, heard=60)
def two_addresses_are_two_visitors(scene: Scene) -> None:
    scene.listener(address="203.0.113.7").hear(scene.beat, (0, 30))
    scene.listener(address="203.0.113.8").hear(scene.beat, (0, 30))


@script("replays", loads=2, starts=2, plays=1, replays=1, heard=60)
def one_household_in_ipv6_is_one_visitor(scene: Scene) -> None:
    scene.listener(address="2001:db8:1:2::1").hear(scene.beat, (0, 30))
    scene.listener(address="2001:db8:1:2:ffff::9").hear(scene.beat, (0, 30))


@script("replays", loads=2, starts=2, plays=2, heard=60)
def two_browsers_are_two_visitors(scene: Scene) -> None:
    scene.listener(agent=CHROME).hear(scene.beat, (0, 30))
    scene.listener(agent=IPHONE).hear(scene.beat, (0, 30))


@script("replays", loads=2, starts=2, plays=2, heard=60)
def one_person_on_two_sites_is_two_visitors(scene: Scene) -> None:
    scene.listener(host="one.example").hear(scene.beat, (0, 30))
    scene.listener(host="two.example").hear(scene.beat, (0, 30))


@script("replays", loads=2, starts=2, plays=2, heard=60)
def nobody_is_recognized_on_the_next_day(scene: Scene) -> None:
    scene.wait(12 * 3600 - 60)  # a minute before midnight
    scene.listener().hear(scene.beat, (0, 30))
    scene.wait(60)
    scene.listener().hear(scene.beat, (0, 30))


@script("replays", loads=1, starts=2, plays=1, replays=1, heard=60)
def a_session_over_midnight_keeps_its_visitor(scene: Scene) -> None:
    scene.wait(12 * 3600 - 45)
    listener = scene.listener()
    listener.hear(scene.beat, (0, 30))
    listener.hear(scene.beat, (0, 30))


@script("replays", loads=2, starts=2, plays=1, replays=1, heard=60)
def one_address_in_two_spellings_is_one_visitor(scene: Scene) -> None:
    scene.listener(address="203.0.113.7").hear(scene.beat, (0, 30))
    scene.listener(address="::ffff:203.0.113.7").hear(scene.beat, (0, 30))


@script("replays", loads=1, starts=2, plays=1, heard=40)
def a_short_listen_is_no_replay(scene: Scene) -> None:
    listener = scene.listener()
    listener.hear(scene.beat, (0, 30))
    listener.hear(scene.beat, (0, 10))


@script("replays", loads=1, starts=1, plays=1, heard=60)
def an_address_that_changes_meanwhile_is_one_play(scene: Scene) -> None:
    listener = scene.listener()
    play = listener.begin(scene.beat)
    listener.go_on(play, scene.beat, 0, 30)
    listener.address = "198.51.100.20"
    listener.go_on(play, scene.beat, 30, 60)


@script("replays", loads=1, starts=3, plays=1, replays=2, heard=90)
def one_view_is_one_visitor_whatever_its_addresses(scene: Scene) -> None:
    listener = scene.listener()
    for number in (7, 3, 9):  # a phone that leaves the house; or somebody with many addresses
        listener.address = f"203.0.113.{number}"
        listener.hear(scene.beat, (0, 30))


@script("replays", loads=2, starts=3, plays=2, replays=1, heard=90)
def a_view_belongs_to_where_it_began(scene: Scene) -> None:
    first = scene.listener(address="203.0.113.7")
    first.hear(scene.beat, (0, 30))
    first.address = "198.51.100.20"
    first.hear(scene.beat, (0, 30))
    scene.listener(address="198.51.100.20").hear(scene.beat, (0, 30))


@script("replays", loads=1, starts=2, plays=1, replays=1, heard=60)
def a_report_after_the_salt_is_gone_is_of_the_same_visitor(scene: Scene) -> None:
    listener = scene.listener()
    listener.hear(scene.beat, (0, 30))
    late = listener.script(scene.beat, (0, 30), every=10)
    scene.wait(3 * 24 * 3600)
    for body in late:
        listener.send(body)


# Privacy


@script("privacy", loads=1, starts=2, plays=1, replays=1, heard=60)
def who_sends_gpc_later_is_no_longer_recognized_and_still_one_visitor(scene: Scene) -> None:
    listener = scene.listener()
    listener.hear(scene.beat, (0, 30))
    listener.headers = {"Sec-GPC": "1"}
    listener.address = "198.51.100.20"
    listener.hear(scene.beat, (0, 30))


@script("privacy", loads=2, starts=2, plays=2, heard=60)
def where_an_app_asks_first_nobody_is_recognized(scene: Scene) -> None:
    for _ in range(2):
        scene.listener(flags=["ask"]).hear(scene.beat, (0, 30))


@script("privacy", loads=2, starts=2, plays=1, replays=1, heard=60)
def who_agreed_is_recognized(scene: Scene) -> None:
    for _ in range(2):
        listener = scene.listener(flags=["ask"])
        listener.consent = True
        listener.hear(scene.beat, (0, 30))


@script("privacy", loads=2, starts=2, plays=2, heard=60)
def who_sends_gpc_is_counted_and_not_recognized(scene: Scene) -> None:
    for _ in range(2):
        scene.listener(headers={"Sec-GPC": "1"}).hear(scene.beat, (0, 30))


@script("privacy", loads=2, starts=2, plays=2, heard=60)
def who_sends_dnt_is_counted_and_not_recognized(scene: Scene) -> None:
    for _ in range(2):
        scene.listener(headers={"DNT": "1"}).hear(scene.beat, (0, 30))


@script("privacy", loads=1, starts=2, plays=1, replays=1, heard=60)
def without_a_key_the_session_still_knows_its_replays(scene: Scene) -> None:
    listener = scene.listener(flags=["gpc"])
    listener.hear(scene.beat, (0, 30))
    listener.hear(scene.beat, (0, 30))
