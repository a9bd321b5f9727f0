"""refused websites are counted, and may be dismissed"""

import sqlalchemy as sa
from alembic import op

import flexapp.storage.columns

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those known before were seen at least once."""
    op.add_column('refused_origin', sa.Column('placement_id', sa.String(length=30), nullable=False, server_default=''))
    op.add_column('refused_origin', sa.Column('times', sa.Integer(), nullable=False, server_default='1'))
    op.add_column('refused_origin', sa.Column('dismissed_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
