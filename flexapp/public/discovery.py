"""What machines learn from a beat's page: oEmbed links, cards for social sites, structured data.

Sources: embed-spec 2.4 and 2.5; the oEmbed specification, section 4; schema.org MusicRecording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flexapp.catalog.models import Track, Visibility
from flexapp.config import Settings
from flexapp.kernel.money import digits
from flexapp.public.beats import Beat
from flexapp.web.filters import bpm

PLAYER_WIDTH, PLAYER_HEIGHT = 600, 166
IMAGE = 1200  #: pixels of a cover's side
_TITLE, _DESCRIPTION = 70, 200  #: the most characters that player cards take


@dataclass(frozen=True)
class Card:
    """Everything that the page's head says about one beat; addresses are absolute."""

    url: str
    title: str
    description: str
    player: str
    image: str | None
    image_alt: str
    audio: str
    oembed: dict[str, str]  #: by media type; empty for a beat that is not listed
    data: dict[str, Any]  #: JSON-LD
    is_listed: bool

    @property
    def link_header(self) -> str:
        """The oEmbed links as the value of a ``Link`` header."""
        return ", ".join(
            f'<{address}>; rel="alternate"; type="{kind}"; title="{_plain(self.title)}"'
            for kind, address in self.oembed.items()
        )


def card_of(beat: Beat, settings: Settings) -> Card:
    """The card of a beat that visitors may open."""
    track, base = beat.track, settings.base_url
    url = f"{base}/t/{track.slug}"
    player = f"{base}/embed/v1/{track.id}"
    image = f"{base}/media/{track.id}/cover.jpg?v={track.revision}" if track.cover_key else None
    audio = f"{base}/media/{track.id}.mp3"
    is_listed = track.visibility is Visibility.PUBLISHED
    asked = f"{base}/oembed?url={quote(url, safe='')}"
    facts = [track.genre, bpm(track.bpm), track.key]
    about = " · ".join(fact for fact in facts if fact)
    description = f"{about}. {beat.price}".strip(". ") if beat.price else about
    return Card(
        url=url,
        title=_short(f"{track.title} by {beat.producer.name}", _TITLE),
        description=_short(track.description or description or "A beat on Flexapp.", _DESCRIPTION),
        player=player,
        image=image,
        image_alt=f"Cover of {track.title}",
        audio=audio,
        oembed={
            "application/json+oembed": f"{asked}&format=json",
            "text/xml+oembed": f"{asked}&format=xml",
        }
        if is_listed
        else {},
        data=_recording(beat, base=base, url=url, player=player, audio=audio, image=image),
        is_listed=is_listed,
    )


def iso_duration(track: Track) -> str | None:
    """The preview's length as ISO 8601: ``PT57S``, ``PT1M7S``."""
    if track.duration_ms is None:
        return None
    minutes, seconds = divmod(round(track.duration_ms / 1000), 60)
    return f"PT{minutes}M{seconds}S" if minutes else f"PT{seconds}S"


def _recording(
    beat: Beat, *, base: str, url: str, player: str, audio: str, image: str | None
) -> dict[str, Any]:
    track, producer = beat.track, beat.producer
    recording = {
        "@context": "https://schema.org",
        "@type": "MusicRecording",
        "name": track.title,
        "url": url,
        "genre": track.genre or None,
        "duration": iso_duration(track),
        "image": image,
        "byArtist": {"@type": "MusicGroup", "name": producer.name, "url": f"{base}/p/{producer.slug}"},
        "audio": {
            "@type": "AudioObject",
            "contentUrl": audio,
            "embedUrl": player,
            "encodingFormat": "audio/mpeg",
            "duration": iso_duration(track),
        },
        "offers": [
            {
                "@type": "Offer",
                "name": offer.license_type.name,
                "price": _decimal(offer.price, offer.currency),
                "priceCurrency": offer.currency.upper(),
                "availability": "https://schema.org/InStock",
                "url": f"{base}/buy/{track.slug}?lic={offer.license_type.id}",
            }
            for offer in beat.offers
        ],
    }
    return {name: value for name, value in recording.items() if value}


def _decimal(amount: int, currency: str) -> str:
    places = digits(currency)
    return f"{amount / 10**places:.{places}f}"


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _plain(text: str) -> str:
    """A quoted header value: ASCII without quotes, backslashes or controls."""
    return "".join(sign if " " <= sign <= "~" and sign not in '"\\' else "?" for sign in text)
