"""albums: tracks under one name"""

import sqlalchemy as sa
from alembic import op

import flexapp.storage.columns

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = flexapp.storage.columns.UtcDateTime(timezone=True)
    op.create_table('album',
    sa.Column('id', sa.String(length=30), nullable=False),
    sa.Column('producer_id', sa.String(length=30), nullable=False),
    sa.Column('slug', sa.String(length=120), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('created_at', moment, nullable=False),
    sa.Column('deleted_at', moment, nullable=True),
    sa.ForeignKeyConstraint(['producer_id'], ['person.id'], name=op.f('fk_album_producer_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_album')),
    sa.UniqueConstraint('slug', name=op.f('uq_album_slug'))
    )
    op.create_index(op.f('ix_album_producer_id'), 'album', ['producer_id'], unique=False)
    op.create_table('album_track',
    sa.Column('album_id', sa.String(length=30), nullable=False),
    sa.Column('track_id', sa.String(length=30), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['album_id'], ['album.id'], name=op.f('fk_album_track_album_id_album'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['track_id'], ['track.id'], name=op.f('fk_album_track_track_id_track'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('album_id', 'track_id', name=op.f('pk_album_track'))
    )
    op.create_index(op.f('ix_album_track_track_id'), 'album_track', ['track_id'], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
