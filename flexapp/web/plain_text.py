"""No NUL comes in: PostgreSQL cannot store it and no address or form has a use for it.

The address and its query are looked at before anything else, a form when it is parsed, so that an
upload that is streamed is not parsed on the way. JSON is refused by the API's shapes.
"""

from __future__ import annotations

from flask import Flask, Request, request
from werkzeug.exceptions import BadRequest, NotFound

_NUL = "\0"
_SENTENCE = "A value has a NUL character. Take it out and send it again."


class PlainRequest(Request):
    """A request whose parsed form has no NUL in names and values; raises BadRequest."""

    def _load_form_data(self) -> None:
        is_new = "form" not in self.__dict__
        super()._load_form_data()
        if is_new and any(_NUL in name or _NUL in value for name, value in self.form.items(multi=True)):
            raise BadRequest(_SENTENCE)


def install(app: Flask) -> None:
    """Answer 404 for a path with NUL, 400 for a query or a form."""
    app.request_class = PlainRequest
    app.before_request(_look)


def _look() -> None:
    if _NUL in request.path:
        raise NotFound
    if any(_NUL in name or _NUL in value for name, value in request.args.items(multi=True)):
        raise BadRequest(_SENTENCE)
