"""rows of roll-ups behind the hot tail as blocks; sketches lie closer together on SQLite"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows are kept as they are: the next packing makes blocks of them."""
    keys = ("first", "second", "rollup", "number")
    op.create_table(
        "rollup_block",
        *(
            sa.Column(
                key,
                sa.SmallInteger() if key == "rollup" else sa.Integer(),
                autoincrement=False,
                nullable=False,
            )
            for key in keys
        ),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(*keys, name=op.f("pk_rollup_block")),
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    # In the order of its key SQLite spends a page on each row of more than a quarter of one.
    op.rename_table("day_sketch", "day_sketch_by_key")
    op.create_table(
        "day_sketch",
        sa.Column("app", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("app", "day", name=op.f("pk_day_sketch")),
    )
    op.execute("INSERT INTO day_sketch (app, day, sketch) SELECT app, day, sketch FROM day_sketch_by_key")
    op.drop_table("day_sketch_by_key")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
