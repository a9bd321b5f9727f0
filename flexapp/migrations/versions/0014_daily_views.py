"""page views, visits and visitors by person, day and channel"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'daily_views',
        sa.Column('person_id', sa.String(length=30), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('channel', sa.String(length=20), nullable=False),
        sa.Column('views', sa.BigInteger(), nullable=False),
        sa.Column('visits', sa.BigInteger(), nullable=False),
        sa.Column('visitors', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('person_id', 'day', 'channel', name=op.f('pk_daily_views')),
    )
    op.create_index(
        'ix_listen_event_view',
        'listen_event',
        ['minted_at'],
        sqlite_where=sa.text("kind = 'view'"),
        postgresql_where=sa.text("kind = 'view'"),
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
