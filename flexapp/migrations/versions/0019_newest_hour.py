"""the last hour that anything is counted in: a day that is still running is read whole"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None
_HOURS = 16 * 24  #: of a block of roll-up 1, the totals by app


def upgrade() -> None:
    """At most the end of the newest block: too late an hour costs a little time, and is never wrong."""
    newest = f"""
        INSERT INTO fold_cursor (name, position)
        SELECT 'newest_hour', max(hour) FROM (
            SELECT hour FROM app_total
            UNION ALL SELECT (number + 1) * {_HOURS} - 1 AS hour FROM rollup_block WHERE rollup = 1
        ) AS hours HAVING count(*) > 0
    """
    op.execute(sa.text(newest))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
