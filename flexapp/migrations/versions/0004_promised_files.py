"""what an order promised is kept with it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

FIELDS = ("kind", "object_key", "filename", "content_type", "bytes", "sha256")


def upgrade() -> None:
    """Orders placed before this get the files that their tracks have now."""
    json = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
    op.add_column('order_item', sa.Column('files', json, nullable=False, server_default='[]'))
    item = sa.table('order_item', sa.column('id'), sa.column('track_id'), sa.column('deliverables', json), sa.column('files', json))
    file = sa.table('deliverable', sa.column('track_id'), *(sa.column(name) for name in FIELDS))
    connection = op.get_bind()
    for row in connection.execute(sa.select(item.c.id, item.c.track_id, item.c.deliverables)).all():
        found = connection.execute(sa.select(*(file.c[name] for name in FIELDS)).where(file.c.track_id == row.track_id))
        kept = [dict(one) for one in found.mappings() if one['kind'] in row.deliverables]
        connection.execute(sa.update(item).where(item.c.id == row.id).values(files=kept))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
