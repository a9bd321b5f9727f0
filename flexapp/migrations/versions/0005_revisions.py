"""revisions of what is shown"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('revision',
    sa.Column('subject', sa.String(length=30), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('subject', name=op.f('pk_revision'))
    )
    op.create_index(op.f('ix_revision_number'), 'revision', ['number'], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
