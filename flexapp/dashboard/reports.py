"""What an insights page shows, as a file: CSV, JSON or PDF, from the same tables as the page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import files

from flexapp.dashboard.charts import LineChart
from flexapp.errors import NotFound
from flexapp.kernel.clock import to_rfc3339
from flexapp.web.filters import percent

Value = str | int | float | None
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json", "pdf": "application/pdf"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UnknownFormat(NotFound):
    """A report in a format that is not made."""

    code = "unknown_format"


@dataclass(frozen=True)
class Sheet:
    """One panel as a table: the first column names the row, the others measure it.

    Shares are 0 to 1, times are milliseconds; the column's name says so.
    """

    name: str  #: ``plays_over_time``
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """Everything on one page."""

    title: str
    period: str
    since: datetime
    until: datetime
    zone: str
    interval: str
    made_at: datetime
    sheets: Sequence[Sheet]
    chart: LineChart | None = None


def written(report: Report, form: str) -> bytes:
    """The file; raises UnknownFormat."""
    makers = {"csv": as_csv, "json": as_json, "pdf": as_pdf}
    if form not in makers:
        raise UnknownFormat("Reports are made as csv, json or pdf.")
    return makers[form](report)


def as_csv(report: Report) -> bytes:
    """One line for each figure: panel, row, measure, value.

    Names come from strangers' websites too: text that a spreadsheet would run as a formula gets an
    apostrophe in front.
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(["panel", "row", "measure", "value"])
    for sheet in report.sheets:
        for row in sheet.rows:
            for measure, value in zip(sheet.columns[1:], row[1:], strict=True):
                writer.writerow([sheet.name, _cell(row[0]), measure, _cell(value)])
    return target.getvalue().encode("utf-8-sig")


def as_json(report: Report) -> bytes:
    """The panels as tables of rows, by the names of their columns."""
    answer = {
        "title": report.title,
        "since": to_rfc3339(report.since),
        "until": to_rfc3339(report.until),
        "time_zone": report.zone,
        "interval": report.interval,
        "made_at": to_rfc3339(report.made_at),
        "panels": [
            {
                "name": sheet.name,
                "title": sheet.title,
                "note": sheet.note,
                "rows": [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows],
            }
            for sheet in report.sheets
        ],
    }
    return (json.dumps(answer, indent=2, ensure_ascii=False) + "\n").encode()


def as_pdf(report: Report) -> bytes:
    """A4 pages with the chart and every table, by Typst; text goes in as data, never as its markup."""
    import typst  # seldom needed, and its library is large

    facts = {
        "title": report.title,
        "period": report.period,
        "zone": report.zone,
        "made": f"{report.made_at.day} {report.made_at:%B %Y, %H:%M} UTC",
        "chart": _lines(report.chart) if report.chart is not None and not report.chart.is_empty else None,
        "sheets": [
            {
                **asdict(sheet),
                "rows": [
                    [
                        _text(cell, _measure(column, row))
                        for cell, column in zip(row, sheet.columns, strict=True)
                    ]
                    for row in sheet.rows
                ],
            }
            for sheet in report.sheets
        ],
    }
    source = files("flexapp.dashboard").joinpath("report.typ").read_bytes()
    made: bytes = typst.compile(source, sys_inputs={"report": json.dumps(facts)})
    return made


def _lines(chart: LineChart) -> dict[str, object]:
    return {
        "lines": [
            {"label": line.label, "kind": line.kind, "points": line.points, "total": line.total}
            for line in chart.lines
        ],
        "ticks": [{"x": tick.x, "label": tick.label} for tick in chart.ticks],
        "grid": [{"y": 100 * y / chart.height, "label": label} for y, label in chart.grid],
    }


def _cell(value: Value) -> Value:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _measure(column: str, row: Sequence[Value]) -> str:
    """What a cell measures: its column, or what its row is called where the column only says so."""
    return str(row[0]) if column == "value" else column


def _text(value: Value, column: str) -> str:
    """A value for people: shares in percent, milliseconds as minutes and seconds."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value.removesuffix("_share").replace("_", " ") if column == "figure" else value
    if column.endswith("_share"):
        return percent(value).replace("\u202f", " ")
    if column.endswith("_ms"):
        return f"{round(value / 1000) // 60}:{round(value / 1000) % 60:02d}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
