"""the ledger is append-only"""

from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

TABLES = ("journal_entry", "ledger_line")
REFUSAL = "the ledger is append-only"


def upgrade() -> None:
    """Refuse UPDATE and DELETE, and on PostgreSQL TRUNCATE, whichever program asks.

    SQLite's REPLACE asks these triggers under ``recursive_triggers`` alone, which every connection of ours
    sets (``storage/session.py``). A later migration that rebuilds one of these tables on SQLite loses the triggers and makes them anew.
    """
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for change in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_the_ledger() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_the_ledger()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_the_ledger()"
        )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
