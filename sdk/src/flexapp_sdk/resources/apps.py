"""Flex apps: a theme, sources, and the lineup they give."""

from __future__ import annotations

from collections.abc import Iterable

from flexapp_sdk._protocol import segment
from flexapp_sdk.models import App, LineupTrack, RefusedOrigin, Source
from flexapp_sdk.paging import Listing
from flexapp_sdk.resources._base import UNSET, Resource, Unset, given


class Apps(Resource):
    """Your flex apps."""

    def list(self, *, limit: int | None = None) -> Listing[App]:
        """Yours, newest first."""
        return self._list(App, "/apps", limit=limit)

    def get(self, app_id: str) -> App:
        """One of yours."""
        return App.model_validate(self._get(f"/apps/{segment(app_id)}"))

    def create(
        self,
        *,
        name: str,
        layout: str | Unset = UNSET,
        theme: str | Unset = UNSET,
        accent: str | Unset | None = UNSET,
        allowed_origins: Iterable[str] | Unset = UNSET,
        consent_required: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> App:
        """A new app without sources.

        ``layout``: bar, compact, list or card; ``theme``: auto, light or dark; ``accent``: #rrggbb.
        """
        body = given(
            name=name,
            layout=layout,
            theme=theme,
            accent=accent,
            allowed_origins=allowed_origins if isinstance(allowed_origins, Unset) else [*allowed_origins],
            consent_required=consent_required,
        )
        return App.model_validate(self._send("POST", "/apps", body, key=idempotency_key))

    def update(
        self,
        app_id: str,
        *,
        name: str | Unset = UNSET,
        layout: str | Unset = UNSET,
        theme: str | Unset = UNSET,
        accent: str | Unset | None = UNSET,
        allowed_origins: Iterable[str] | Unset = UNSET,
        consent_required: bool | Unset = UNSET,
        domain: str | Unset | None = UNSET,
    ) -> App:
        """Change what is given; an accent of None is the product's own.

        With ``consent_required`` visitors get a key only after the page called ``BeatPlayer.consent(true)``.
        ``domain`` is a host name of the app's own, None takes it back. It answers once the TXT record in
        ``App.domain`` was seen (``is_live``).
        """
        body = given(
            name=name,
            layout=layout,
            theme=theme,
            accent=accent,
            allowed_origins=allowed_origins if isinstance(allowed_origins, Unset) else [*allowed_origins],
            consent_required=consent_required,
            domain=domain,
        )
        return App.model_validate(self._send("PATCH", f"/apps/{segment(app_id)}", body))

    def delete(self, app_id: str) -> None:
        """Take it away: its players show that it is gone."""
        self._send("DELETE", f"/apps/{segment(app_id)}")

    def sources(self, app_id: str) -> tuple[Source, ...]:
        """Its rules and picks, in their order."""
        rows = self._get(f"/apps/{segment(app_id)}/sources")["data"]
        return tuple(Source.model_validate(row) for row in rows)

    def add_pick(self, app_id: str, track_id: str) -> Source:
        """One track: an own one, or one of a producer who allows affiliate sales."""
        body = {"kind": "pick", "track_id": track_id}
        return Source.model_validate(self._send("POST", f"/apps/{segment(app_id)}/sources", body))

    def add_rule(
        self,
        app_id: str,
        *,
        genre: str | None = None,
        tag: str | None = None,
        bpm_min: float | None = None,
        bpm_max: float | None = None,
        newest: int | None = None,
    ) -> Source:
        """Your own published tracks that match; ``newest`` takes only so many. Without any: all."""
        body = {
            "kind": "rule",
            "genre": genre,
            "tag": tag,
            "bpm_min": bpm_min,
            "bpm_max": bpm_max,
            "newest": newest,
        }
        return Source.model_validate(self._send("POST", f"/apps/{segment(app_id)}/sources", body))

    def remove_source(self, app_id: str, source_id: str) -> None:
        """Take a rule or pick away."""
        self._send("DELETE", f"/apps/{segment(app_id)}/sources/{segment(source_id)}")

    def reorder_sources(self, app_id: str, source_ids: Iterable[str]) -> tuple[Source, ...]:
        """Put all of them into this order."""
        rows = self._send("PUT", f"/apps/{segment(app_id)}/sources/order", {"ids": [*source_ids]})["data"]
        return tuple(Source.model_validate(row) for row in rows)

    def lineup(self, app_id: str) -> tuple[LineupTrack, ...]:
        """The resolved order of tracks: none twice, none unpublished, none sold exclusively."""
        rows = self._get(f"/apps/{segment(app_id)}/lineup")["data"]
        return tuple(LineupTrack.model_validate(row) for row in rows)

    def refused_origins(self, app_id: str) -> tuple[RefusedOrigin, ...]:
        """Websites that wanted to show it and may not, the latest first."""
        rows = self._get(f"/apps/{segment(app_id)}/refused-origins")["data"]
        return tuple(RefusedOrigin.model_validate(row) for row in rows)
