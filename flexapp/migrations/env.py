"""Alembic's entry: runs on the database it is handed."""

from alembic import context

from flexapp.migrations.tables import metadata
from flexapp.storage.session import Database

database: Database = context.config.attributes["database"]
with database.engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
