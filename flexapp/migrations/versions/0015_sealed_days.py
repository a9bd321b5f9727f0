"""sealed days count the changes since"""

import sqlalchemy as sa
from alembic import op

import flexapp.storage.columns

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No day was sealed before."""
    op.drop_table('sealed_day')
    op.create_table(
        'sealed_day',
        sa.Column('day', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('changes', sa.Integer(), nullable=False),
        sa.Column('sealed_changes', sa.Integer(), nullable=False),
        sa.Column('listens_key', sa.String(length=120), nullable=False),
        sa.Column('moments_key', sa.String(length=120), nullable=False),
        sa.Column('listens', sa.BigInteger(), nullable=False),
        sa.Column('bytes', sa.BigInteger(), nullable=False),
        sa.Column('sealed_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('day', name=op.f('pk_sealed_day')),
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
