"""people have a time zone, in which their days begin"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Everybody counted in UTC days before."""
    op.add_column('person', sa.Column('time_zone', sa.String(length=40), nullable=False, server_default='UTC'))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
