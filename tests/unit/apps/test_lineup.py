"""The lineup as a pure rule: order, no repeats, conditions of a rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flexapp.apps.lineup import MAX_TRACKS, matches, resolve
from flexapp.apps.models import Source, SourceKind
from flexapp.catalog.models import Track


def track(
    number: int, *, genre: str = "Trap", bpm: float | None = 140, tags: list[str] | None = None
) -> Track:
    return Track(id=f"trk_{number}", title=f"Track {number}", genre=genre, bpm=bpm, tags=tags or [])


def rule(**conditions: object) -> Source:
    return Source(kind=SourceKind.RULE, **conditions)


def pick(number: int) -> Source:
    return Source(kind=SourceKind.PICK, track_id=f"trk_{number}")


def ids(lineup: list[Track]) -> list[int]:
    return [int(found.id.removeprefix("trk_")) for found in lineup]


def test_sources_are_taken_in_their_order() -> None:
    own = [track(3), track(2), track(1)]
    assert ids(resolve([pick(9), rule(), pick(8)], own=own, picked=[track(8), track(9)])) == [9, 3, 2, 1, 8]


def test_a_track_shows_where_it_comes_first_and_never_again() -> None:
    own = [track(2), track(1)]
    assert ids(resolve([pick(1), rule(), rule(genre="Trap")], own=own, picked=[track(1)])) == [1, 2]


def test_a_pick_that_may_not_be_shown_is_left_out() -> None:
    assert ids(resolve([pick(1), pick(2)], own=[], picked=[track(2)])) == [2]


def test_a_rule_takes_the_newest_of_what_matches() -> None:
    own = [track(4, genre="House"), track(3), track(2, genre="House"), track(1, genre="House")]
    assert ids(resolve([rule(genre="house", newest=2)], own=own, picked=[])) == [4, 2]


def test_genre_and_tag_ignore_case_and_tempo_includes_its_ends() -> None:
    night = track(1, tags=["Night", "808"])
    assert matches(rule(genre="TRAP", tag="night"), night)
    assert not matches(rule(tag="day"), night)
    assert matches(rule(bpm_min=140, bpm_max=140), night)
    assert not matches(rule(bpm_min=140.5), night)
    assert not matches(rule(bpm_max=139.5), night)
    assert not matches(rule(bpm_min=1), track(2, bpm=None))
    assert matches(rule(), track(2, bpm=None))


def test_a_lineup_ends_at_a_hundred_tracks() -> None:
    assert len(resolve([rule()], own=[track(number) for number in range(150)], picked=[])) == MAX_TRACKS


sources = st.lists(
    st.one_of(
        st.builds(pick, st.integers(0, 8)),
        st.builds(
            rule,
            genre=st.sampled_from([None, "Trap", "House"]),
            newest=st.sampled_from([None, 1, 3]),
            bpm_min=st.sampled_from([None, 90.0, 150.0]),
        ),
    ),
    max_size=8,
)


@given(sources=sources, own=st.lists(st.integers(0, 8), unique=True), picked=st.sets(st.integers(0, 8)))
def test_no_lineup_repeats_or_invents_a_track(
    sources: list[Source], own: list[int], picked: set[int]
) -> None:
    lineup = ids(resolve(sources, own=[track(n) for n in own], picked=[track(n) for n in picked]))
    assert len(lineup) == len(set(lineup))
    assert set(lineup) <= set(own) | picked
