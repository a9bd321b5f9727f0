"""carts"""

import sqlalchemy as sa
from alembic import op

import flexapp.storage.columns

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = flexapp.storage.columns.UtcDateTime(timezone=True)
    op.create_table('cart',
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('created_at', moment, nullable=False),
    sa.Column('expires_at', moment, nullable=False),
    sa.PrimaryKeyConstraint('token', name=op.f('pk_cart'))
    )
    op.create_index(op.f('ix_cart_expires_at'), 'cart', ['expires_at'], unique=False)
    op.create_table('cart_line',
    sa.Column('cart_token', sa.String(length=64), nullable=False),
    sa.Column('track_id', sa.String(length=30), nullable=False),
    sa.Column('license_type_id', sa.String(length=30), nullable=False),
    sa.Column('track_title', sa.String(length=120), nullable=False),
    sa.Column('license_name', sa.String(length=60), nullable=False),
    sa.Column('price_seen', sa.BigInteger(), nullable=False),
    sa.Column('placement_token', sa.String(length=300), nullable=True),
    sa.Column('session_token', sa.String(length=700), nullable=True),
    sa.Column('added_at', moment, nullable=False),
    sa.ForeignKeyConstraint(['cart_token'], ['cart.token'], name=op.f('fk_cart_line_cart_token_cart'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('cart_token', 'track_id', name=op.f('pk_cart_line'))
    )
    op.add_column('purchase_order', sa.Column('cart_token', sa.String(length=64), nullable=True))
    op.create_index(op.f('ix_purchase_order_cart_token'), 'purchase_order', ['cart_token'], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
