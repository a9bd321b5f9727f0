"""country, device, system, browser and layout of listens"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

LENGTHS = {'country': 2, 'device': 10, 'os': 20, 'browser': 20, 'layout': 10}


def upgrade() -> None:
    """Of what was stored before nothing is known."""
    for table in ('listen_event', 'play'):
        for name, length in LENGTHS.items():
            op.add_column(table, sa.Column(name, sa.String(length=length), nullable=False, server_default=''))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
