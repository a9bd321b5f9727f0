"""held payments"""

import sqlalchemy as sa
from alembic import op

import flexapp.storage.columns

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('held_payment',
    sa.Column('charge_id', sa.String(length=120), nullable=False),
    sa.Column('order_id', sa.String(length=30), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('created_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_held_payment_order_id_purchase_order'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('charge_id', name=op.f('pk_held_payment'))
    )
    op.create_index(op.f('ix_held_payment_order_id'), 'held_payment', ['order_id'], unique=False)
    op.execute(
        "INSERT INTO held_payment (charge_id, order_id, amount, attempt, created_at) "
        "SELECT charge_id, id, total, 1, paid_at FROM purchase_order "
        "WHERE state = 'conflicted' AND charge_id IS NOT NULL AND paid_at IS NOT NULL"
    )
