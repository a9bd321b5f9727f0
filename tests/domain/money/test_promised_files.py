"""Orders placed before files were kept with them get those of their tracks when the database is upgraded."""

from sqlalchemy import text

from flexapp import migrations
from tests.domain.money.conftest import Market
from tests.factories import orders


def test_an_older_order_is_given_the_files_its_track_has(market: Market) -> None:
    placed = orders.order(market.services, market.track, market.premium)
    (before,) = orders.items(market.services, placed.id)
    assert [file["kind"] for file in before.files] == ["mp3", "wav"]
    with market.database.writing() as session:
        session.execute(text("ALTER TABLE order_item DROP COLUMN files"))
        session.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    migrations.upgrade(market.database, to="0004")
    (after,) = orders.items(market.services, placed.id)
    assert sorted(after.files, key=lambda file: str(file["kind"])) == before.files
