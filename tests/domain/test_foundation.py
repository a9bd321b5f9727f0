"""The tables exist on both databases and the schema matches the models."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from flexapp import migrations
from flexapp.migrations.tables import metadata
from flexapp.storage.session import Database


def test_no_migration_is_pending_and_models_match_the_schema(database: Database) -> None:
    assert migrations.pending(database) == []
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
