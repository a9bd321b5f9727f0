"""Four ready license types in plain words; a producer may change every one of them.

The limits are not written into the text: they are the caps, listed under it (``caps.full_terms``).
Prices are minor units of the house's currency.
"""

from __future__ import annotations

from dataclasses import dataclass

from flexapp.catalog.models import DeliverableKind


@dataclass(frozen=True)
class LicenseTemplate:
    """A license type to start from."""

    name: str
    summary: str
    price: int
    is_exclusive: bool
    deliverables: tuple[DeliverableKind, ...]
    caps: dict[str, int | None]
    terms: str


_MADE = """\
## What you may do

- Record your own vocals or instruments over the beat and release the result as **one new song**.
- {formats}
- Sell and stream that song, put it in your videos and play it at shows, each within the limits listed below.
- Shorten, loop and arrange the beat so that it fits your song.
"""

_KEPT = """\
## What stays with the producer

- The beat itself: the producer owns the composition and the recording, and may license it to others.
  {others}
- You do not sell, lend or upload the beat on its own, and you do not pass the files on, except to the people
  who mix, master or distribute your song.
- You do not register the beat or your song with a content-identification system that would claim
  other people's songs made with the same beat.
"""

_CREDIT = """\
## Credit and writing shares

- Name the producer wherever credits are shown, as *Produced by* and the producer's name.
- The producer wrote the music and keeps **half of the writing share** of your song (50 % of the composition,
  and of its publishing). You keep the other half and all of the master recording's income{master}.
"""

_END = """\
## If something changes

- The license begins when it is paid and lasts for the term listed below. After it, songs already released may
  stay online if you buy the license again or upgrade; ask the producer.
- Need more than the limits allow? Upgrade before you reach them; what you paid counts toward the new license
  if the producer agrees.
- If the payment is refunded or charged back, the license ends and the song comes down.
- If you break these terms, the producer writes to you first; you have 14 days to put it right.
"""

_LEASE_OTHERS = "Other artists may hold a license of this beat at the same time."
_SOLD_LATER = "If somebody buys it exclusively later, your license stays valid, unchanged."


def _lease(formats: str) -> str:
    return "\n".join(
        (
            "You pay once and may release one song with this beat. The beat stays the producer's.\n",
            _MADE.format(formats=formats),
            _KEPT.format(others=f"{_LEASE_OTHERS} {_SOLD_LATER}"),
            _CREDIT.format(master=""),
            _END,
        )
    )


_EXCLUSIVE = """\
You are the last person to license this beat. Once you have paid, it leaves every shop, list and player,
and the producer licenses it to nobody else.

## What you may do

- Release **any number of songs and versions** made with the beat, in every medium, everywhere.
- Use the MP3, the WAV and the separate stems, change them freely, and have others remix them for you.
- License your song to films, series, games and advertisements. The producer signs what such a deal
  asks of a writer, within 14 days.

## What stays with the producer

- The producer wrote the music and stays its author; that right cannot be sold in many countries.
- Licenses sold **before yours** stay valid within their own limits. The producer tells you on request how
  many there are and when they end. None is renewed.
- The producer may show the beat in a portfolio, tagged, without selling it.

## Credit and writing shares

- Name the producer wherever credits are shown, as *Produced by* and the producer's name.
- The producer keeps **half of the writing share** of the songs (50 % of the composition and
  of its publishing). You own the master recordings and all of their income.

## If something changes

- The license begins when it is paid and does not end.
- You may hand it on together with the songs, for example to a label; the same terms bind the new holder.
- If the payment is refunded or charged back, the license ends and the beat may be offered again.
- If you break these terms, the producer writes to you first; you have 14 days to put it right.
"""

TEMPLATES = (
    LicenseTemplate(
        name="Basic lease",
        summary="An MP3 for a first release.",
        price=2999,
        is_exclusive=False,
        deliverables=(DeliverableKind.MP3,),
        caps={"copies": 2_000, "streams": 100_000, "videos": 1, "performances": 0, "term_months": 24},
        terms=_lease("Use the MP3 (320 kbps, without the voice tag)."),
    ),
    LicenseTemplate(
        name="Premium lease",
        summary="MP3 and WAV, for a release you promote.",
        price=6500,
        is_exclusive=False,
        deliverables=(DeliverableKind.MP3, DeliverableKind.WAV),
        caps={"copies": 10_000, "streams": 500_000, "videos": 2, "performances": 20, "term_months": 60},
        terms=_lease("Use the MP3 and the WAV, both without the voice tag."),
    ),
    LicenseTemplate(
        name="Trackout lease",
        summary="With the stems, to mix it your way.",
        price=14900,
        is_exclusive=False,
        deliverables=(DeliverableKind.MP3, DeliverableKind.WAV, DeliverableKind.STEMS),
        caps={"copies": 50_000, "streams": 2_000_000, "videos": 5, "performances": 100, "term_months": 120},
        terms=_lease(
            "Use the MP3, the WAV and the separate stems, all without the voice tag, and mix them as you "
            "like. A stem on its own is not used in another song."
        ),
    ),
    LicenseTemplate(
        name="Exclusive",
        summary="All files, no limits, and nobody after you.",
        price=49900,
        is_exclusive=True,
        deliverables=(DeliverableKind.MP3, DeliverableKind.WAV, DeliverableKind.STEMS),
        caps={"copies": None, "streams": None, "videos": None, "performances": None, "term_months": None},
        terms=_EXCLUSIVE,
    ),
)
