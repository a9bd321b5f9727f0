"""which pieces of a preview went to a session; sums of before are trusted as they were"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of what was sent before nobody knows which bytes they were."""
    nothing = "x''" if op.get_bind().dialect.name == 'sqlite' else "''"
    op.add_column('delivery', sa.Column('unplaced', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column(
        'delivery', sa.Column('pieces', sa.LargeBinary(), nullable=False, server_default=sa.text(nothing))
    )
    op.execute(sa.text('UPDATE delivery SET unplaced = bytes'))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
