"""Who is in the demo, what they made, and how their flex apps are filled: invented, with real CC0 beats."""

from __future__ import annotations

from dataclasses import dataclass

from flexapp.people.models import Role

PASSWORD = "flexapp-demo"  # noqa: S105  # printed by the demo; of no use anywhere else


@dataclass(frozen=True)
class CastMember:
    """One demo person and the beats they made."""

    name: str
    email: str
    roles: tuple[Role, ...]
    bio: str
    beats: tuple[str, ...] = ()


@dataclass(frozen=True)
class CastApp:
    """One flex app: the owner's own catalog by rule, or none of it, and picks from others."""

    owner: str
    name: str
    layout: str
    channel: str
    with_own_catalog: bool
    picks: tuple[str, ...]


CAST = (
    CastMember(
        "Kaito Sounds",
        "kaito@flexapp.example",
        (Role.PRODUCER, Role.AFFILIATE),
        "Dark trap, drill and jungle from a small room in Osaka. Everything mixed on headphones at night.",
        ("midnight-trap", "cold-estate", "rollers-only"),
    ),
    CastMember(
        "Mara Lindqvist",
        "mara@flexapp.example",
        (Role.PRODUCER,),
        "Vinyl, tape and a good bass player. Boom bap and house from Malmö.",
        ("dusty-corner", "rooftop-rain", "warehouse-light"),
    ),
    CastMember(
        "Ade Bright",
        "ade@flexapp.example",
        (Role.PRODUCER, Role.AFFILIATE),
        "Sunshine on two and four: Afrobeats and reggaeton, Lagos to London.",
        ("lagos-sunrise", "neon-perreo"),
    ),
    CastMember(
        "Noa Fields",
        "noa@flexapp.example",
        (Role.AFFILIATE,),
        "Writes the Beat Blog and plays what she would buy herself.",
    ),
)

APPS = (
    CastApp(
        owner="Noa Fields",
        name="Beat Blog picks",
        layout="list",
        channel="affiliate",
        with_own_catalog=False,
        picks=("midnight-trap", "dusty-corner", "lagos-sunrise", "cold-estate", "neon-perreo"),
    ),
    CastApp(
        owner="Kaito Sounds",
        name="Kaito's studio",
        layout="list",
        channel="own_site",
        with_own_catalog=True,
        picks=("dusty-corner", "lagos-sunrise"),
    ),
)

# A compressed master yields no WAV and no stems: these two let such beats be sold beyond the basic lease.
MP3_LICENSES = (
    ("Unlimited lease", 9900, False, {"copies": None, "streams": None, "videos": None, "performances": None}),
    (
        "Exclusive, MP3 only",
        35000,
        True,
        {"copies": None, "streams": None, "videos": None, "performances": None},
    ),
)
