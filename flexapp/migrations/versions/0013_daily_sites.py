"""listening by the site around the player, day by day"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

COUNTERS = (
    'listeners', 'loads', 'impressions', 'starts', 'plays', 'replays', 'completed', 'listen_ms', 'checkouts',
    'views', 'opens', 'adds', 'downloads', 'sales', 'refunds',
)


def upgrade() -> None:
    """It begins with what is decided from now on."""
    keys = ('app', 'day', 'host')
    op.create_table(
        'daily_site',
        *(sa.Column(key, sa.Integer(), autoincrement=False, nullable=False) for key in keys),
        *(sa.Column(counter, sa.BigInteger(), nullable=False) for counter in COUNTERS),
        sa.PrimaryKeyConstraint(*keys, name=op.f('pk_daily_site')),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
