"""One chain of migrations, forward only."""

from pathlib import Path

from alembic.script import ScriptDirectory

import flexapp.migrations

FOLDER = Path(flexapp.migrations.__file__).parent


def test_there_is_one_head_and_one_base() -> None:
    script = ScriptDirectory(str(FOLDER))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
