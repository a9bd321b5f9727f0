"""Apps, sources and placements on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from flexapp.apps import operations, queries
from flexapp.apps.lineup import lineup_of
from flexapp.apps.models import Channel, FlexApp, Layout
from flexapp.apps.origins import InvalidOrigin
from flexapp.apps.tokens import read_placement_token
from flexapp.catalog.models import Visibility
from flexapp.errors import Invalid
from flexapp.kernel.signing import Signer
from flexapp.people.models import Person
from flexapp.storage.session import Database
from tests.factories.apps import NOON, make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person

SIGNER = Signer("a-secret-for-tests")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        # noise: somebody else's app shows somebody else's track
        other = make_person(session)
        make_app(session, other, name="Noise", picks=(make_track(session, make_person(session)),))
        yield session


@pytest.fixture
def kaito(session: Session) -> Person:
    return make_person(session, name="Kaito")


@pytest.fixture
def mara(session: Session) -> Person:
    return make_person(session, name="Mara")


def titles(session: Session, app: FlexApp) -> list[str]:
    return [track.title for track in lineup_of(session, app)]


def test_an_app_starts_empty_under_a_readable_slug(session: Session, kaito: Person) -> None:
    first = operations.create_app(session, kaito, name="  Night   drive ", now=NOON)
    second = operations.create_app(session, kaito, name="Night drive", now=NOON, accent="F00")
    assert (first.name, first.slug, second.slug) == ("Night drive", "night-drive", "night-drive-2")
    assert (first.layout, first.accent, second.accent) == (Layout.LIST, None, "#ff0000")
    assert titles(session, first) == []


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"name": "x" * 81}, {"layout": "wall"}, {"theme": "neon"}, {"accent": "red;}"}],
)
def test_an_app_that_cannot_be_is_refused_by_field(
    session: Session, kaito: Person, wrong: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as error:
        operations.create_app(session, kaito, now=NOON, **{"name": "Fine", **wrong})
    assert set(error.value.fields) == set(wrong)


def test_a_renamed_app_keeps_its_old_address_for_itself(
    session: Session, kaito: Person, mara: Person
) -> None:
    app = operations.create_app(session, kaito, name="Night drive", now=NOON)
    operations.rename(session, app, name="Day drive", now=NOON)
    found = queries.app_by_old_slug(session, "night-drive")
    assert app.slug == "day-drive"
    assert found is not None
    assert found.id == app.id
    assert operations.create_app(session, mara, name="Night drive", now=NOON).slug == "night-drive-2"


def test_every_change_raises_the_revision(session: Session, kaito: Person) -> None:
    app = operations.create_app(session, kaito, name="Night drive", now=NOON)
    seen = [app.revision]
    rule = operations.add_rule(session, app, now=NOON)
    seen.append(app.revision)
    operations.update_theme(session, app, layout="card", theme="dark", accent="")
    seen.append(app.revision)
    operations.set_allowed_origins(session, app, ["https://blog.example"])
    seen.append(app.revision)
    operations.remove_source(session, app, rule)
    seen.append(app.revision)
    assert seen == sorted(set(seen))


def test_a_rule_follows_the_catalog_and_drops_what_left_it(
    session: Session, kaito: Person, mara: Person
) -> None:
    app = operations.create_app(session, kaito, name="Mine", now=NOON)
    operations.add_rule(session, app, genre="trap", tag="808", bpm_min=130, bpm_max=150, now=NOON)
    kept = make_track(session, kaito, title="Kept")
    make_track(session, kaito, title="Other genre", genre="House")
    make_track(session, kaito, title="Other tag", tags=["soft"])
    make_track(session, kaito, title="Too slow", bpm=90.0)
    make_track(session, kaito, title="A draft", visibility=Visibility.DRAFT)
    make_track(session, kaito, title="By link only", visibility=Visibility.UNLISTED)
    make_track(session, mara, title="Of somebody else")
    assert titles(session, app) == ["Kept"]
    kept.sold_exclusively_at = NOON
    session.flush()
    assert titles(session, app) == []


def test_picks_come_from_producers_who_allow_it(session: Session, kaito: Person, mara: Person) -> None:
    app = make_app(session, kaito, picks=(make_track(session, mara, title="Open"),))
    mine = make_track(session, kaito, title="Mine")
    operations.add_pick(session, app, mine, now=NOON)
    assert titles(session, app) == ["Open", "Mine"]
    mara.allows_affiliate_sales = False
    kaito.allows_affiliate_sales = False
    session.flush()
    assert titles(session, app) == ["Mine"], "an own track needs no leave"
    with pytest.raises(operations.PickRefused, match="does not allow affiliate sales"):
        operations.add_pick(session, app, make_track(session, mara), now=NOON)


def test_a_pick_that_cannot_be_shown_is_refused_with_its_reason(
    session: Session, kaito: Person, mara: Person
) -> None:
    app = make_app(session, kaito)
    with pytest.raises(operations.PickRefused, match="sold exclusively"):
        operations.add_pick(session, app, make_track(session, mara, sold_exclusively_at=NOON), now=NOON)
    with pytest.raises(operations.PickRefused, match="not published"):
        operations.add_pick(session, app, make_track(session, mara, visibility=Visibility.DRAFT), now=NOON)
    track = make_track(session, mara)
    operations.add_pick(session, app, track, now=NOON)
    with pytest.raises(operations.AlreadyPicked):
        operations.add_pick(session, app, track, now=NOON)


def test_a_track_that_a_rule_and_a_pick_bring_shows_once(session: Session, kaito: Person) -> None:
    track = make_track(session, kaito, title="Twice")
    app = make_app(session, kaito, own_catalog=True, picks=(track,))
    assert titles(session, app) == ["Twice"]


def test_sources_are_put_in_an_order_that_names_each_once(
    session: Session, kaito: Person, mara: Person
) -> None:
    app = make_app(session, kaito, picks=tuple(make_track(session, mara, title=title) for title in "ABC"))
    ids = [source.id for source in queries.sources_of(session, app.id)]
    operations.reorder(session, app, [ids[2], ids[0], ids[1]])
    assert titles(session, app) == ["C", "A", "B"]
    for wrong in (ids[:2], [*ids, ids[0]], [ids[0], ids[0], ids[1]], [*ids[:2], "src_x"]):
        with pytest.raises(operations.InvalidApp):
            operations.reorder(session, app, wrong)


@pytest.mark.parametrize(
    "wrong", [{"bpm_min": 0}, {"bpm_min": 150, "bpm_max": 90}, {"newest": 0}, {"bpm_max": 999}]
)
def test_a_rule_that_matches_nothing_ever_is_refused(
    session: Session, kaito: Person, wrong: dict[str, float]
) -> None:
    app = make_app(session, kaito)
    with pytest.raises(operations.InvalidApp):
        operations.add_rule(session, app, now=NOON, **wrong)


def test_searching_finds_words_in_any_order_and_leaves_own_and_picked_out(
    session: Session, kaito: Person, mara: Person
) -> None:
    app = make_app(session, kaito)
    rain = make_track(session, mara, title="Rooftop Rain", genre="Lo-Fi", tags=["chill", "study"])
    make_track(session, mara, title="100% Pure", genre="House", tags=[])
    make_track(session, kaito, title="Rain of mine")

    def found(text: str) -> list[str]:
        pairs = queries.pickable_tracks(session, owner_id=kaito.id, text=text, app_id=app.id)
        return [track.title for track, _ in pairs]

    assert found("rain mara") == ["Rooftop Rain"]
    assert found("LO-FI study") == ["Rooftop Rain"]
    assert found("100%") == ["100% Pure"]
    assert found("_") == []
    operations.add_pick(session, app, rain, now=NOON)
    assert found("rain") == []


def test_a_placement_carries_a_key_that_names_it(session: Session, kaito: Person) -> None:
    app = make_app(session, kaito)
    placement = make_placement(session, app, SIGNER, channel="affiliate")
    claims = read_placement_token(SIGNER, placement.key)
    assert claims is not None
    assert (claims.placement_id, claims.app_id, claims.owner_id) == (placement.id, app.id, kaito.id)
    assert placement.channel is Channel.AFFILIATE
    assert queries.placement_by_token(session, SIGNER, placement.key) is placement
    for stranger in (
        "",
        None,
        placement.key[:-3],
        "v1.x.y",
        make_placement(session, app, Signer("other")).key,
    ):
        assert queries.placement_by_token(session, SIGNER, stranger) is None


def test_a_revoked_placement_or_a_deleted_app_has_no_key(session: Session, kaito: Person) -> None:
    app = make_app(session, kaito)
    revoked, ended = make_placement(session, app, SIGNER), make_placement(session, app, SIGNER)
    operations.revoke_placement(session, revoked, now=NOON)
    assert queries.placement_by_token(session, SIGNER, revoked.key) is None
    assert queries.is_revoked(session, SIGNER, revoked.key)
    assert not queries.is_revoked(session, SIGNER, ended.key)
    operations.delete_app(session, app, now=NOON)
    assert queries.placement_by_token(session, SIGNER, ended.key) is None
    assert queries.app_by_id(session, app.id) is None
    assert queries.apps_of(session, kaito.id) == []


def test_a_placement_narrows_the_websites_of_its_app(session: Session, kaito: Person) -> None:
    app = make_app(session, kaito, allowed_origins=["https://*.shop.example"])
    inside = make_placement(session, app, SIGNER, allowed_origins=["https://a.shop.example"])
    assert inside.allowed_origins == ["https://a.shop.example"]
    with pytest.raises(InvalidOrigin):
        make_placement(session, app, SIGNER, allowed_origins=["https://elsewhere.example"])
