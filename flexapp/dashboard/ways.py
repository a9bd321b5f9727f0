"""Where a player is pasted: for each kind of website the right form, how, and what that site cannot do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["link", "address", "iframe", "full_iframe", "element", "script", "pinned", "jsx"]


@dataclass(frozen=True)
class Piece:
    """One text to copy."""

    kind: Kind
    title: str = "Snippet"
    line: str = ""


@dataclass(frozen=True)
class Way:
    """One kind of website."""

    key: str
    title: str
    steps: tuple[str, ...]
    pieces: tuple[Piece, ...]
    limits: tuple[str, ...]  #: what does not work there
    unfolds: bool = False  #: a tool between us and the page shows the player: it needs the open list
    nests: bool = False  #: puts the player into a frame of its own, whose website must be allowed too


WAYS = (
    Way(
        "html",
        "Plain HTML",
        (
            "Paste it where the player should stand.",
            "The script line is needed once on a page, also for several players.",
        ),
        (
            Piece(
                "element", "Element", "Makes room for licenses and cart, and your scripts can speak with it."
            ),
            Piece("script", "Container", "The same, where an editor drops tags that it does not know."),
            Piece("iframe", "Iframe", "No script at all: the height stays as it is set here."),
            Piece(
                "pinned",
                "Pinned",
                "One version of the script for good, checked by its hash. Improvements arrive only when you "
                "paste a newer one; the version above updates itself.",
            ),
        ),
        (
            "A page inside another page needs that outer page's website on the list too, when there is one.",
            "Sound begins with a tap: browsers refuse autoplay to visitors who have not touched the page.",
        ),
    ),
    Way(
        "wordpress",
        "WordPress",
        (
            "Paste the link on a line of its own. WordPress turns it into the player.",
            "Page builders have an element called Embed or oEmbed: paste it there.",
            "Accounts that may publish HTML can use the iframe in a Custom HTML block instead.",
        ),
        (Piece("link", "Link"), Piece("iframe", "Iframe", "For the Custom HTML block.")),
        (
            "The link's player runs in a sandbox: it plays and counts, and a license opens in place of your "
            "page instead of in a new tab. Autoplay never works there.",
            "WordPress draws no player lower than 200 px or higher than 1000 px from a link.",
            "With a list of websites, add your blog's address. The sandbox itself does not matter: browsers "
            "ask who surrounds the player, and that is your blog.",
        ),
    ),
    Way(
        "squarespace",
        "Squarespace",
        (
            "Add an Embed block, choose the code sign </> and paste.",
            "A Code block set to HTML takes the same snippet.",
        ),
        (Piece("iframe", "Iframe"),),
        (
            "Scripts run in Code blocks of some plans only, so this snippet has none and keeps its height.",
            "The editor may show a placeholder: look at the published page.",
        ),
    ),
    Way(
        "wix",
        "Wix",
        (
            "Add elements › Embed code › Embed HTML, and paste.",
            "Pull the box to the height that is set here, and as wide as you like.",
        ),
        (Piece("full_iframe", "Iframe", "Fills the width of its box."),),
        (
            "Wix keeps pasted code in a frame on another domain: the player cannot change the height of "
            "your page, and a script there would not reach it.",
        ),
        nests=True,
    ),
    Way(
        "shopify",
        "Shopify",
        (
            "Theme editor › Add section › Custom Liquid, and paste.",
            "In pages and blog posts choose the HTML view of the editor, and paste the iframe.",
        ),
        (
            Piece("element", "Element", "For sections."),
            Piece("iframe", "Iframe", "For the text editor, which drops scripts."),
        ),
        ("Checkout pages take no code of other websites.",),
    ),
    Way(
        "webflow",
        "Webflow",
        ("Drag a Code Embed element to its place, paste, save, publish.",),
        (Piece("iframe", "Iframe"), Piece("element", "Element", "Where your plan allows custom code.")),
        (
            "The designer shows a placeholder for scripts: look at the published page.",
            "A rich text block may clip the player: give its embed at least the height that is set here.",
        ),
    ),
    Way(
        "notion",
        "Notion",
        ("Paste the link and choose Embed, not Bookmark.",),
        (Piece("link", "Link"),),
        (
            "Notion asks a service (iframely) to unfold the link. Until that service knows us it may show a "
            "card with the title instead of the player.",
            "Readers resize it as they like. No script, no autoplay.",
        ),
        unfolds=True,
    ),
    Way(
        "google-sites",
        "Google Sites",
        ("Insert › Embed › By URL, paste the address, choose the whole page.",),
        (Piece("address", "Address"), Piece("iframe", "Iframe", "For Insert › Embed › Embed code.")),
        (
            "Size is set by dragging: what is set here is only where you begin.",
            "Pasted code runs in a sandboxed frame of Google's; scripts there do not reach your page.",
        ),
        nests=True,
    ),
    Way(
        "react",
        "React",
        ("Paste the component into a file, and write <BeatPlayer /> where it should stand.",),
        (Piece("jsx", "Component"),),
        (
            "The element <beat-player> is not for React: React keeps the attribute key for itself, and the "
            "player would credit nobody.",
        ),
    ),
)
