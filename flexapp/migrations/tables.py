"""All tables, imported for their place in the metadata."""

import flexapp.apps.models
import flexapp.catalog.models
import flexapp.inbox.models
import flexapp.ledger.models
import flexapp.licensing.models
import flexapp.listening.models
import flexapp.listening.rollups
import flexapp.notices.models
import flexapp.orders.models
import flexapp.outbox.models
import flexapp.people.models
import flexapp.storage.revisions  # noqa: F401
from flexapp.storage.base import Base

metadata = Base.metadata
