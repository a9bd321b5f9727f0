"""What machines learn from a page of ours: oEmbed links, cards for social sites, structured data.

Sources: embed-spec 2.4 and 2.5; the oEmbed specification, section 4; schema.org MusicRecording,
MusicPlaylist and MusicGroup; the limits of player cards in X's card reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from flexapp.apps.models import FlexApp, Layout
from flexapp.apps.options import Options
from flexapp.apps.sizes import SIZES, Size
from flexapp.apps.snippets import DEFAULTS
from flexapp.catalog.models import Track, Visibility
from flexapp.kernel.money import digits
from flexapp.people.models import Person
from flexapp.public.addresses import Addresses
from flexapp.public.beats import Beat
from flexapp.web.filters import bpm

PLAYER_SIZE = Size(600, 166)  #: of one beat's player
LARGEST_IMAGE = 1200  #: pixels of a cover's side; covers of smaller images are smaller
_TITLE, _DESCRIPTION, _ALT = 70, 200, 420  #: the most characters that player cards take
_LISTED = 24  #: beats that structured data of a list names
Sizes = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Image:
    """A square picture."""

    url: str
    side: int
    alt: str


@dataclass(frozen=True)
class Player:
    """What a card plays in place."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Card:
    """Everything that a page's head says about it; addresses are absolute."""

    kind: str  #: Open Graph's type
    url: str
    title: str
    description: str
    image: Image | None
    data: dict[str, Any] | None  #: JSON-LD
    player: Player | None = None
    audio: str = ""
    oembed: dict[str, str] = field(default_factory=dict)  #: by media type; empty: nothing to unfold
    is_hidden: bool = False  #: search engines are asked to leave it out

    @property
    def link_header(self) -> str:
        """The oEmbed links as the value of a ``Link`` header."""
        return ", ".join(
            f'<{address}>; rel="alternate"; type="{kind}"; title="{_plain(self.title)}"'
            for kind, address in self.oembed.items()
        )


def track_card(beat: Beat, to: Addresses, sizes: Sizes, *, shared_key: str = "") -> Card:
    """The card of a beat that visitors may open; a sold one has nothing to play or to buy."""
    track = beat.track
    url = to.canonical(f"/t/{track.slug}")
    is_listed = track.visibility is Visibility.PUBLISHED
    facts = " · ".join(fact for fact in (track.genre, bpm(track.bpm), track.key) if fact)
    about = f"{facts}. {beat.price}".strip(". ") if beat.price else facts
    return Card(
        kind="music.song",
        url=url,
        title=_short(f"{track.title} by {beat.producer.name}", _TITLE),
        description=_short(track.description or about or "A beat on Flexapp.", _DESCRIPTION),
        image=_image(to, track, sizes),
        data=None if beat.is_sold else {"@context": "https://schema.org", **_recording(beat, to, url)},
        player=None if beat.is_sold else _player(to, track.id, PLAYER_SIZE),
        audio="" if beat.is_sold else _absolute(to, f"/media/{track.id}.mp3"),
        oembed=_oembed(to, url, shared_key) if is_listed and not beat.is_sold else {},
        is_hidden=not is_listed or beat.is_sold,
    )


def app_card(
    app: FlexApp,
    owner: Person,
    beats: Sequence[Beat],
    to: Addresses,
    sizes: Sizes,
    *,
    shared_key: str = "",
    options: Options = DEFAULTS,
) -> Card:
    """The card of an app's page; ``beats`` are its whole lineup, ``options`` those of the link."""
    url = to.canonical_app()
    count = f"{len(beats)} beat{'' if len(beats) == 1 else 's'}"
    return Card(
        kind="music.playlist",
        url=url,
        title=_short(app.name, _TITLE),
        description=_short(f"{count} to hear and license, chosen by {owner.name}.", _DESCRIPTION),
        image=_first_image(to, beats, sizes),
        data={
            "@context": "https://schema.org",
            "@type": "MusicPlaylist",
            "name": app.name,
            "url": url,
            "numTracks": len(beats),
            "creator": {"@type": "MusicGroup", **_person(owner, to)},
            "track": [_in_list(beat, to) for beat in beats[:_LISTED]],
        },
        player=_player(to, app.id, SIZES[app.layout], shared_key),
        oembed=_oembed(to, url, shared_key, options),
    )


def producer_card(person: Person, beats: Sequence[Beat], total: int, to: Addresses, sizes: Sizes) -> Card:
    """The card of a producer's page; ``beats`` are the first of them.

    On our host it plays all of theirs. A key in the address goes along when it is the producer's own: theirs
    is the only app that their player may credit.
    """
    shared_key = to.key if to.app is not None and to.app.owner_id == person.id else ""
    plays = total > 0 and not to.is_domain
    url = to.canonical(f"/p/{person.slug}")
    about = " ".join(person.bio.split()) or f"Beats by {person.name} to hear and license."
    return Card(
        kind="profile",
        url=url,
        title=_short(person.name, _TITLE),
        description=_short(about, _DESCRIPTION),
        image=_first_image(to, beats, sizes),
        data={
            "@context": "https://schema.org",
            "@type": "MusicGroup",
            **_person(person, to),
            **({"description": about} if person.bio else {}),
            "track": {
                "@type": "ItemList",
                "numberOfItems": total,
                "itemListElement": [
                    {"@type": "ListItem", "position": place, "item": _in_list(beat, to)}
                    for place, beat in enumerate(beats[:_LISTED], 1)
                ],
            },
        },
        player=_player(to, person.id, SIZES[Layout.LIST], shared_key) if plays else None,
        oembed=_oembed(to, url, shared_key) if plays else {},
    )


def iso_duration(track: Track) -> str | None:
    """The preview's length as ISO 8601: ``PT57S``, ``PT1M7S``."""
    if track.duration_ms is None:
        return None
    minutes, seconds = divmod(round(track.duration_ms / 1000), 60)
    return f"PT{minutes}M{seconds}S" if minutes else f"PT{seconds}S"


def image_side(track: Track, sizes: Sizes) -> int:
    """The pixels of a cover's side: the middle square of its image, at most 1200."""
    return min(LARGEST_IMAGE, *sizes.get(track.id, (LARGEST_IMAGE, LARGEST_IMAGE)))


def _recording(beat: Beat, to: Addresses, url: str) -> dict[str, Any]:
    track = beat.track
    image = _absolute(to, f"/media/{track.id}/cover.jpg?v={track.revision}") if track.cover_key else None
    recording = {
        "@type": "MusicRecording",
        "name": track.title,
        "url": url,
        "genre": track.genre or None,
        "duration": iso_duration(track),
        "image": image,
        "byArtist": {"@type": "MusicGroup", **_person(beat.producer, to)},
        "audio": {
            "@type": "AudioObject",
            "contentUrl": _absolute(to, f"/media/{track.id}.mp3"),
            "embedUrl": _absolute(to, f"/embed/v1/{track.id}"),
            "encodingFormat": "audio/mpeg",
            **({"duration": iso_duration(track)} if track.duration_ms is not None else {}),
        },
        "offers": [
            {
                "@type": "Offer",
                "name": offer.license_type.name,
                "price": _decimal(offer.price, offer.currency),
                "priceCurrency": offer.currency.upper(),
                "availability": "https://schema.org/InStock",
                "url": _absolute(to, f"/buy/{track.slug}?lic={offer.license_type.id}"),
            }
            for offer in beat.offers
        ],
    }
    return {name: value for name, value in recording.items() if value}


def _in_list(beat: Beat, to: Addresses) -> dict[str, Any]:
    """A beat among others: its own page says more."""
    track = beat.track
    prices = [offer.price for offer in beat.offers]
    currency = beat.offers[0].currency if beat.offers else ""
    recording = {
        "@type": "MusicRecording",
        "name": track.title,
        "url": to.canonical(f"/t/{track.slug}"),
        "genre": track.genre or None,
        "duration": iso_duration(track),
        "byArtist": {"@type": "MusicGroup", **_person(beat.producer, to)},
        "audio": {"@type": "AudioObject", "contentUrl": _absolute(to, f"/media/{track.id}.mp3")},
        "offers": {
            "@type": "AggregateOffer",
            "lowPrice": _decimal(min(prices), currency),
            "highPrice": _decimal(max(prices), currency),
            "priceCurrency": currency.upper(),
            "offerCount": len(prices),
        }
        if prices
        else None,
    }
    return {name: value for name, value in recording.items() if value}


def _person(person: Person, to: Addresses) -> dict[str, str]:
    return {"name": person.name, "url": to.canonical(f"/p/{person.slug}")}


def _image(to: Addresses, track: Track, sizes: Sizes) -> Image | None:
    if not track.cover_key:
        return None
    url = _absolute(to, f"/media/{track.id}/cover.jpg?v={track.revision}")
    return Image(url, image_side(track, sizes), _short(f"Cover of {track.title}", _ALT))


def _first_image(to: Addresses, beats: Sequence[Beat], sizes: Sizes) -> Image | None:
    return next((image for beat in beats if (image := _image(to, beat.track, sizes))), None)


def _player(to: Addresses, target: str, size: Size, key: str = "") -> Player:
    """A card's player; without a placement the card itself is the channel."""
    query = urlencode({"k": key} if key else {"via": "card"})
    return Player(_absolute(to, f"/embed/v1/{target}?{query}"), size.width, size.height)


def _oembed(to: Addresses, url: str, key: str, options: Options = DEFAULTS) -> dict[str, str]:
    query = ({"k": key} if key else {}) | options.query() | options.sides()
    shared = f"{url}?{urlencode(query)}" if query else url
    asked = _absolute(to, f"/oembed?url={quote(shared, safe='')}")
    return {
        "application/json+oembed": f"{asked}&format=json",
        "text/xml+oembed": f"{asked}&format=xml",
    }


def _absolute(to: Addresses, path: str) -> str:
    return f"{to.base_url}{path}"


def _decimal(amount: int, currency: str) -> str:
    places = digits(currency)
    return f"{amount / 10**places:.{places}f}"


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _plain(text: str) -> str:
    """A quoted header value: ASCII without quotes, backslashes or controls."""
    return "".join(sign if " " <= sign <= "~" and sign not in '"\\' else "?" for sign in text)
