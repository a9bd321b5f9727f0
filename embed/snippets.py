"""The four forms of a snippet, where outsiders' contract looks for them.

The rule is pure and lives with the apps, since the API and the dashboard hand snippets out too.
"""

from flexapp.apps.snippets import FORMS, Form, snippets_for

__all__ = ["FORMS", "Form", "snippets_for"]
