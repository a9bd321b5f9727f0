"""host names that owners give their apps"""

import sqlalchemy as sa
from alembic import op

import flexapp.storage.columns

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('custom_domain',
    sa.Column('app_id', sa.String(length=30), nullable=False),
    sa.Column('host', sa.String(length=253), nullable=False),
    sa.Column('proof', sa.String(length=64), nullable=False),
    sa.Column('created_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('proven_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['app_id'], ['flex_app.id'], name=op.f('fk_custom_domain_app_id_flex_app'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('app_id', name=op.f('pk_custom_domain'))
    )
    op.create_index(op.f('ix_custom_domain_host'), 'custom_domain', ['host'], unique=False)
    op.create_index('uq_custom_domain_proven_host', 'custom_domain', ['host'], unique=True,
        sqlite_where=sa.text('proven_at IS NOT NULL'), postgresql_where=sa.text('proven_at IS NOT NULL'))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
