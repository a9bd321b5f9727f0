"""Where the lines of a chart run: pure geometry for ``templates/macros/charts.html``.

Lines are drawn in a box of 100 by 100 that the page stretches; words and dots are placed in percent
of the width and pixels of the height, so that they keep their size on every screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from flexapp.web.filters import percent

HEIGHT = 200  #: pixels of the plot
TOP = 14  #: pixels kept free above the highest value
_LABEL_GAP = 16
_LABEL_DROP = 4
_TICKS = 5
_GRID_LINES = 4


@dataclass(frozen=True)
class Series:
    """Values of one line; ``kind`` is 1-4 for the series' color, 0 for the period before."""

    label: str
    values: Sequence[float]
    kind: int = 1


@dataclass(frozen=True)
class Line:
    """A drawn series."""

    label: str
    kind: int
    path: str
    area: str
    label_y: float  #: pixels: the foot of its name beside its last point, apart from the others
    dots: list[tuple[float, float]]  #: (percent, pixels); a line of one point is a dot
    points: list[tuple[float, float]]  #: every point in percent of width and height
    total: float

    @property
    def is_before(self) -> bool:
        """It is the previous period: dashed, without color."""
        return self.kind == 0


@dataclass(frozen=True)
class Tick:
    """A word at the bottom: percent of the width."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Band:
    """The column of one point: percent of the width, what its tooltip says, and its span in a query."""

    x: float
    width: float
    title: str
    at: str = ""
    until: str = ""


@dataclass(frozen=True)
class LineChart:
    """Everything that the macro draws, and the table behind it."""

    unit: str
    lines: list[Line]
    grid: list[tuple[float, str]]  #: (pixels, label)
    ticks: list[Tick]
    bands: list[Band]
    head: list[str]
    rows: list[list[str]]
    height: int = HEIGHT
    is_empty: bool = False
    summary: str = ""


@dataclass(frozen=True)
class Bar:
    """One row of a bar list: ``share`` of the longest in percent."""

    label: str
    value: float
    share: float
    href: str = ""
    aside: str = ""
    note: str = ""  #: beside the value, such as its share of all


@dataclass(frozen=True)
class BarChart:
    """Rows, the longest first."""

    bars: list[Bar] = field(default_factory=list)


def line_chart(
    series: Sequence[Series],
    *,
    unit: str,
    labels: Sequence[str],
    names: Sequence[str] | None = None,
    moments: Sequence[tuple[str, str]] = (),
    along: str = "Time (UTC)",
    write: Callable[[float], str] | None = None,
    top: int = 0,
) -> LineChart:
    """A chart of series of equal length; ``labels`` stand below it, ``names`` in its table and tooltips.

    ``moments`` are the points' first and last days or hours as a query takes them, ``along`` heads
    the table's first column, ``write`` puts values into words, ``top`` fixes the axis.
    """
    names, write = names or labels, write or _whole
    top = top or nice_top(max((max(one.values, default=0) for one in series), default=0))
    count = len(labels)
    lines = _apart([_line(one, count, top) for one in series])
    total = sum(series[0].values) if series else 0
    return LineChart(
        unit=unit,
        lines=lines,
        grid=[
            (_pixels(value, top), write(value))
            for step in range(_GRID_LINES + 1)
            if float(value := top * step / _GRID_LINES).is_integer()
        ],
        ticks=_ticks(labels),
        bands=[
            Band(
                x=100 * place / count,
                width=100 / count,
                title=f"{name}: " + ", ".join(f"{write(one.values[place])} {one.label}" for one in series),
                at=moments[place][0] if moments else "",
                until=moments[place][1] if moments else "",
            )
            for place, name in enumerate(names)
        ],
        head=[along, *(one.label[:1].upper() + one.label[1:] for one in series)],
        rows=[[name, *(write(one.values[place]) for one in series)] for place, name in enumerate(names)],
        is_empty=not any(any(one.values) for one in series),
        summary=f"{_whole(total)} {unit} over {count} points" if write is _whole else unit,
    )


def bar_chart(rows: Sequence[tuple[str, float, str, str]], *, total: float = 0) -> BarChart:
    """Bars of (label, value, address, aside), those without a value left out; with shares of ``total``."""
    shown = [row for row in rows if row[1] > 0]
    longest = max((row[1] for row in shown), default=1)
    return BarChart(
        [
            Bar(label, value, 100 * value / longest, href, aside, percent(value / total) if total else "")
            for label, value, href, aside in shown
        ]
    )


def nice_top(highest: float) -> int:
    """The top of the axis: the next of 4, 8, 12, 20, 40, 80, 120, 200, … so that quarters are whole."""
    size = 1
    while True:
        for step in (4, 8, 12):
            if highest <= step * size:
                return step * size
        for step in (20, 40):
            if highest <= step * size:
                return step * size
        size *= 10


def smooth(points: Sequence[tuple[float, float]]) -> str:
    """An SVG path through the points that never overshoots them.

    Monotone cubic interpolation: Fritsch and Carlson, SIAM J. Numer. Anal. 17 (1980), with the
    tangents of Steffen, Astron. Astrophys. 239 (1990).
    """
    if not points:
        return ""
    path = f"M{_short(points[0][0])} {_short(points[0][1])}"
    slopes = _tangents(points)
    for (x0, y0), (x1, y1), m0, m1 in zip(points, points[1:], slopes, slopes[1:], strict=False):
        third = (x1 - x0) / 3
        corners = (x0 + third, y0 + m0 * third, x1 - third, y1 - m1 * third, x1, y1)
        path += "C" + " ".join(map(_short, corners))
    return path


def _tangents(points: Sequence[tuple[float, float]]) -> list[float]:
    secants = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    if not secants:
        return [0.0]
    inner = [
        0.0 if left * right <= 0 else min(abs(left), abs(right), abs(left + right) / 4) * 2 * _sign(left)
        for left, right in pairwise(secants)
    ]
    return [secants[0], *inner, secants[-1]]


def _sign(value: float) -> int:
    return -1 if value < 0 else 1


def _line(series: Series, count: int, top: int) -> Line:
    places = [(_across(place, count), _pixels(value, top)) for place, value in enumerate(series.values)]
    points = [(x, y / HEIGHT * 100) for x, y in places]
    path = smooth(points) if len(points) > 1 else ""
    area = f"{path}L{_short(points[-1][0])} 100L{_short(points[0][0])} 100Z" if path else ""
    return Line(
        label=series.label,
        kind=series.kind,
        path=path,
        area=area if series.kind == 1 else "",
        label_y=places[-1][1] + _LABEL_DROP if places else HEIGHT,
        dots=places if len(places) == 1 else places[-1:] if series.kind else [],
        points=points,
        total=sum(series.values),
    )


def _apart(lines: list[Line]) -> list[Line]:
    """Move labels so that none lies on another; the highest keeps its place."""
    placed: list[Line] = []
    lowest = float(_LABEL_DROP - _LABEL_GAP)
    for line in sorted(lines, key=lambda one: one.label_y):
        y = max(line.label_y, lowest + _LABEL_GAP)
        lowest = y
        placed.append(Line(**{**line.__dict__, "label_y": y}))
    overflow = lowest - (HEIGHT + _LABEL_DROP)
    if overflow > 0:
        placed = [Line(**{**line.__dict__, "label_y": line.label_y - overflow}) for line in placed]
    order = {line.label: place for place, line in enumerate(lines)}
    return sorted(placed, key=lambda one: order[one.label])


def _ticks(labels: Sequence[str]) -> list[Tick]:
    count = len(labels)
    if count == 1:
        return [Tick(50, labels[0], "middle")]
    places = _tick_places(count)
    return [
        Tick(
            _across(place, count),
            labels[place],
            "start" if place == 0 else "end" if place == count - 1 else "middle",
        )
        for place in places
    ]


def _tick_places(count: int) -> list[int]:
    """At most five points with the first and the last among them, evenly apart when that can be."""
    last = count - 1
    even = next((parts for parts in range(_TICKS - 1, 1, -1) if last % parts == 0), 0)
    parts = even or min(_TICKS - 1, last)
    return sorted({round(step * last / parts) for step in range(parts + 1)}) if count else []


def _across(place: int, count: int) -> float:
    return 50.0 if count == 1 else round(100 * place / (count - 1), 3)


def _pixels(value: float, top: int) -> float:
    return round(HEIGHT - (HEIGHT - TOP) * value / top, 2)


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _whole(value: float) -> str:
    return f"{value:,.0f}"
