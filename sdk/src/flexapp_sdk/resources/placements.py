"""Placements: the spots where an app is deployed, and the snippets to paste there."""

from __future__ import annotations

from collections.abc import Iterable

from flexapp_sdk._protocol import segment
from flexapp_sdk.models import Placement
from flexapp_sdk.paging import Listing
from flexapp_sdk.resources._base import UNSET, Resource, Unset, given


class Placements(Resource):
    """The placements of your apps."""

    def list(self, app_id: str | None = None, *, limit: int | None = None) -> Listing[Placement]:
        """Those of one app or of all, newest first."""
        return self._list(Placement, "/placements", limit=limit, app_id=app_id)

    def get(self, placement_id: str) -> Placement:
        """One of yours."""
        return Placement.model_validate(self._get(f"/placements/{segment(placement_id)}"))

    def create(
        self,
        app_id: str,
        *,
        name: str,
        channel: str | Unset = UNSET,
        allowed_origins: Iterable[str] = (),
        idempotency_key: str | None = None,
    ) -> Placement:
        """A new spot; ``.snippets["iframe"]`` is what to paste there.

        ``allowed_origins`` such as ``https://blog.example`` narrow where it plays; none: everywhere
        that the app allows.
        """
        body = given(app_id=app_id, name=name, channel=channel, allowed_origins=[*allowed_origins])
        return Placement.model_validate(self._send("POST", "/placements", body, key=idempotency_key))

    def update(
        self,
        placement_id: str,
        *,
        name: str | Unset = UNSET,
        allowed_origins: Iterable[str] | Unset = UNSET,
    ) -> Placement:
        """Change what is given."""
        body = given(
            name=name,
            allowed_origins=allowed_origins if isinstance(allowed_origins, Unset) else [*allowed_origins],
        )
        return Placement.model_validate(self._send("PATCH", f"/placements/{segment(placement_id)}", body))

    def snippets(self, placement_id: str, **options: str | int | bool) -> dict[str, str]:
        """What to paste, with options of its own: ``snippets(id, layout="bar", color="#1b7f4d", art=False)``.

        ``layout theme color bg art list buy keys single start_track t lang autoplay loop width height``,
        as the player's address has them; what is left out stays the app's. Keys are oembed, iframe,
        script, element. Raises Invalid, whose ``fields`` name what is wrong.
        """
        params = {name: str(int(one)) if isinstance(one, bool) else one for name, one in options.items()}
        return dict(self._get(f"/placements/{segment(placement_id)}/snippets", **params))

    def revoke(self, placement_id: str) -> None:
        """End it: its snippets play no more, and credit nobody."""
        self._send("DELETE", f"/placements/{segment(placement_id)}")
