"""page views, visits and visitors by the hour, and by number; days of before stand at noon"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None
COUNTERS = ('views', 'visits', 'visitors')
FIRST_DAY = date(1970, 1, 1)


def upgrade() -> None:
    keys = ('person', 'hour', 'channel')
    op.create_table(
        'hourly_views',
        *(sa.Column(key, sa.Integer(), autoincrement=False, nullable=False) for key in keys),
        *(sa.Column(counter, sa.BigInteger(), nullable=False) for counter in COUNTERS),
        sa.PrimaryKeyConstraint(*keys, name=op.f('pk_hourly_views')),
        sqlite_with_rowid=False,
    )
    copy(op.get_bind())
    op.drop_table('daily_views')
    op.drop_index('ix_listen_event_view', table_name='listen_event')
    op.create_index(
        'ix_listen_event_viewer',
        'listen_event',
        ['visitor_key'],
        sqlite_where=sa.text("kind = 'view'"),
        postgresql_where=sa.text("kind = 'view'"),
    )


def copy(connection: sa.Connection) -> None:
    kept = sa.table('daily_views', sa.column('day', sa.Date()), *map(sa.column, ('person_id', 'channel', *COUNTERS)))
    names = sa.table('listen_name', sa.column('number'), sa.column('name'))
    made = sa.table('hourly_views', *map(sa.column, ('person', 'hour', 'channel', *COUNTERS)))
    for text in ('person_id', 'channel'):
        op.execute(
            f'INSERT INTO listen_name (name) SELECT DISTINCT {text} FROM daily_views '
            f'WHERE {text} NOT IN (SELECT name FROM listen_name) ORDER BY {text}'
        )
    number = {name: number for number, name in connection.execute(sa.select(names.c.number, names.c.name))}
    rows = [
        {
            'person': number[row.person_id],
            'hour': (row.day - FIRST_DAY).days * 24 + 12,
            'channel': number[row.channel],
            **{counter: getattr(row, counter) for counter in COUNTERS},
        }
        for row in connection.execute(sa.select(*kept.c))
    ]
    if rows:
        connection.execute(sa.insert(made), rows)


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
