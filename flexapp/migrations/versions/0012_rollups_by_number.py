"""roll-ups of listening by number: hours by app and by track, retention, dimensions, listeners, sealed days"""

import sqlalchemy as sa
from alembic import op

import flexapp.storage.columns

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

COUNTERS = (
    'loads', 'impressions', 'starts', 'plays', 'replays', 'completed', 'listen_ms', 'checkouts',
    'views', 'opens', 'adds', 'downloads', 'sales', 'refunds',
)
KNOWN = COUNTERS[:8]
RETENTION = (
    'listens', 'percent', 'skipped', 'partial', 'half', 'mostly', 'whole', *(f'tenth_{n}' for n in range(10)),
)
TEXTS = ('app_id', 'placement_id', 'channel', 'track_id')


def keyed(name: str, keys: tuple[str, ...], counters: tuple[str, ...], small: tuple[str, ...] = ()) -> None:
    op.create_table(
        name,
        *(sa.Column(key, sa.SmallInteger() if key in small else sa.Integer(), autoincrement=False, nullable=False) for key in keys),
        *(sa.Column(counter, sa.BigInteger(), nullable=False) for counter in counters),
        sa.PrimaryKeyConstraint(*keys, name=op.f(f'pk_{name}')),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Totals by the hour are kept; the daily roll-ups begin with what is decided from now on."""
    op.create_table(
        'listen_name',
        sa.Column('number', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_listen_name')),
        sa.UniqueConstraint('name', name=op.f('uq_listen_name_name')),
    )
    keyed('app_total', ('app', 'hour', 'placement', 'channel'), COUNTERS)
    keyed('track_total', ('app', 'track', 'hour', 'placement', 'channel'), COUNTERS)
    keyed('played', ('app', 'track'), ())
    op.create_index(op.f('ix_played_track_app'), 'played', ['track', 'app'])
    keyed('daily_retention', ('app', 'track', 'day'), RETENTION)
    keyed('daily_dimension', ('app', 'dimension', 'day', 'value'), ('starts', 'plays', 'listeners'), ('dimension',))
    keyed('daily_listeners', ('subject', 'day'), ('listeners',))
    op.create_table(
        'day_sketch',
        sa.Column('app', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('day', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('sketch', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('app', 'day', name=op.f('pk_day_sketch')),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'sealed_day',
        sa.Column('day', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('listens_key', sa.String(length=120), nullable=False),
        sa.Column('moments_key', sa.String(length=120), nullable=False),
        sa.Column('listens', sa.BigInteger(), nullable=False),
        sa.Column('bytes', sa.BigInteger(), nullable=False),
        sa.Column('sealed_at', flexapp.storage.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column('is_stale', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('day', name=op.f('pk_sealed_day')),
    )
    op.add_column('play', sa.Column('percent', sa.SmallInteger(), nullable=False, server_default='-1'))
    op.add_column('play', sa.Column('tenths', sa.SmallInteger(), nullable=False, server_default='0'))
    copy()
    op.drop_table('hourly_total')


def copy() -> None:
    for text in TEXTS:
        op.execute(
            f'INSERT INTO listen_name (name) SELECT DISTINCT {text} FROM hourly_total '
            f'WHERE {text} NOT IN (SELECT name FROM listen_name) ORDER BY {text}'
        )
    is_sqlite = op.get_bind().dialect.name == 'sqlite'
    hour = "CAST(strftime('%s', h.hour) AS INTEGER) / 3600" if is_sqlite else 'CAST(floor(extract(epoch FROM h.hour) / 3600) AS INTEGER)'
    names = 'JOIN listen_name a ON a.name = h.app_id JOIN listen_name p ON p.name = h.placement_id JOIN listen_name c ON c.name = h.channel'
    sums = ', '.join(f'SUM(h.{name})' for name in KNOWN) + ', 0' * (len(COUNTERS) - len(KNOWN))
    op.execute(
        f'INSERT INTO app_total (app, hour, placement, channel, {", ".join(COUNTERS)}) '
        f'SELECT a.number, {hour}, p.number, c.number, {sums} FROM hourly_total h {names} GROUP BY 1, 2, 3, 4'
    )
    op.execute(
        f'INSERT INTO track_total (app, track, hour, placement, channel, {", ".join(COUNTERS)}) '
        f'SELECT a.number, t.number, {hour}, p.number, c.number, {sums} FROM hourly_total h {names} '
        f'JOIN listen_name t ON t.name = h.track_id GROUP BY 1, 2, 3, 4, 5'
    )
    op.execute('INSERT INTO played (app, track) SELECT DISTINCT app, track FROM track_total')


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
