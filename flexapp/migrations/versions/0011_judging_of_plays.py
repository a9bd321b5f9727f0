"""rules over many plays, what was decided about suspects, and consent"""

import sqlalchemy as sa
from alembic import op

import flexapp.storage.columns

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody was asked for consent before, and no network was noted."""
    op.add_column('flex_app', sa.Column('consent_required', sa.Boolean(), nullable=False, server_default=sa.false()))
    for table in ('listen_event', 'play'):
        op.add_column(table, sa.Column('network_key', sa.String(length=16), nullable=True))
    op.create_index(
        'ix_play_qualified', 'play', ['started_at'],
        sqlite_where=sa.text('is_qualified'), postgresql_where=sa.text('is_qualified'),
    )
    op.create_table('suspicion',
    sa.Column('play', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('rule', sa.String(length=40), nullable=False),
    sa.Column('found_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('play', 'rule', name=op.f('pk_suspicion')),
    )
    op.create_table('judgment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('app_id', sa.String(length=30), nullable=False),
    sa.Column('placement_id', sa.String(length=30), nullable=False),
    sa.Column('host', sa.String(length=100), nullable=False),
    sa.Column('decision', sa.String(length=32), nullable=False),
    sa.Column('plays', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.String(length=30), nullable=False),
    sa.Column('made_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_judgment')),
    )
    op.create_index(op.f('ix_judgment_app_id'), 'judgment', ['app_id'])
    op.create_table('rules_of_day',
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('rules', sa.String(length=20), nullable=False),
    sa.Column('limits', sa.String(length=16), nullable=False),
    sa.Column('crawlers', sa.String(length=20), nullable=False),
    sa.Column('judged_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_rules_of_day')),
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
