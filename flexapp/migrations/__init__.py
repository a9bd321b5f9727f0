"""Migrations: forward from every landed version, data kept."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from flexapp.storage.session import Database


def upgrade(database: Database, *, to: str = "head") -> None:
    """Bring the schema to the newest revision, or no further than ``to``, in one transaction where the
    database can."""
    command.upgrade(_config(database), to)


def pending(database: Database) -> list[str]:
    """Revisions that the database lacks, oldest first."""
    script = ScriptDirectory.from_config(_config(database))
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    wanted = [revision.revision for revision in script.iterate_revisions("heads", current or "base")]
    return [revision for revision in reversed(wanted) if revision not in current]


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["database"] = database
    return config
