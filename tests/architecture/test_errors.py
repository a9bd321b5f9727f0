"""Every domain error has a code of its own and an HTTP answer."""

import importlib
import pkgutil
from collections.abc import Iterator

import flexapp
from flexapp.errors import FlexAppError


def test_every_error_has_its_own_stable_code() -> None:
    codes: dict[str, str] = {}
    for error in all_errors():
        assert error.code == error.code.lower()
        assert " " not in error.code
        assert codes.setdefault(error.code, error.__qualname__) == error.__qualname__, (
            f"{error.__qualname__} and {codes[error.code]} share the code {error.code}"
        )
        assert (error.__doc__ or "").strip(), f"{error.__qualname__} says nothing"


def all_errors() -> Iterator[type[FlexAppError]]:
    for module in pkgutil.walk_packages(flexapp.__path__, "flexapp."):
        if ".migrations." not in module.name and not module.name.endswith(
            (".wsgi", "__main__", ".bootstrap")
        ):
            importlib.import_module(module.name)
    waiting = [FlexAppError]
    while waiting:
        error = waiting.pop()
        yield error
        waiting.extend(error.__subclasses__())
