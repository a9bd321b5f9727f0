"""steps to a sale by the visitor who made them: an owner who signs in takes their own out"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None
_STEPS = sa.text("kind IN ('c', 'open', 'add')")


def upgrade() -> None:
    """Few lines of the log are steps, so the index is small."""
    op.create_index(
        'ix_listen_event_step', 'listen_event', ['visitor_key'], sqlite_where=_STEPS, postgresql_where=_STEPS
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
