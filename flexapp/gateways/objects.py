"""Objects by address: a local folder (``file://``) or a bucket (``s3://``), both through obstore.

``s3://bucket/prefix?endpoint=https://…&region=…`` names a bucket; its credentials come from the
usual ``AWS_*`` variables. Local files are read in slices by ``pread``, so that any number of readers
share nothing; a slow reader holds one file descriptor and one slice.
"""

from __future__ import annotations

import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from flexapp.config import Settings
from flexapp.errors import NotFound, Upstream
from flexapp.gateways.ports import Objects

SLICE = 1024 * 1024
_PART = 8 * 1024 * 1024


class ObjectNotFound(NotFound):
    """No object has this key."""

    code = "object_not_found"


class ObjectsUnavailable(Upstream):
    """The place where files live cannot be reached or written."""

    code = "objects_unavailable"


def objects_from(settings: Settings) -> Objects:
    """The objects that ``FLEXAPP_OBJECTS_URL`` names."""
    address = urlsplit(settings.objects_url)
    if address.scheme == "file":
        return LocalObjects(Path(unquote(address.path)))
    if address.scheme == "s3":
        return BucketObjects(_bucket(settings.objects_url))
    raise ObjectsUnavailable(
        f"FLEXAPP_OBJECTS_URL is a file:// or s3:// address, not {address.scheme or 'a bare path'}."
    )


class _StoredObjects(ABC):
    """What both kinds share: writing, copying out, deleting."""

    def __init__(self, store: LocalStore | S3Store) -> None:
        self._store = store

    def put_file(self, key: str, path: Path, *, content_type: str) -> None:
        """Store a file whole or not at all, in parts of 8 MiB."""
        try:
            obstore.put(
                self._store,
                _checked(key),
                path,
                attributes=self._attributes(content_type),
                chunk_size=_PART,
                max_concurrency=2,
            )
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def put_bytes(self, key: str, data: bytes, *, content_type: str) -> None:
        """Store a small object whole or not at all."""
        try:
            obstore.put(self._store, _checked(key), data, attributes=self._attributes(content_type))
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def fetch_to(self, key: str, path: Path) -> None:
        """Copy the object to a local file, slice by slice."""
        with path.open("wb") as target:
            for part in self.read(key):
                target.write(part)

    def delete(self, key: str) -> None:
        """Remove it; a missing one is no error."""
        try:
            obstore.delete(self._store, _checked(key))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def check(self) -> None:
        """Write, read and delete a probe; raises ObjectsUnavailable with the reason."""
        key, word = f"probe/{secrets.token_hex(8)}", b"flexapp"
        self.put_bytes(key, word, content_type="text/plain")
        try:
            if b"".join(self.read(key)) != word:
                raise ObjectsUnavailable("A probe object came back changed.")
        finally:
            self.delete(key)

    @abstractmethod
    def size(self, key: str) -> int:
        """Bytes of the object; raises ObjectNotFound."""

    @abstractmethod
    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` in slices of at most 1 MiB; raises ObjectNotFound at once."""

    def _attributes(self, content_type: str) -> Any:
        return None


class LocalObjects(_StoredObjects):
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
            super().__init__(LocalStore(prefix=str(root)))
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def size(self, key: str) -> int:
        try:
            return (self._root / _checked(key)).stat().st_size
        except FileNotFoundError as error:
            raise _missing(key) from error

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        try:
            handle = os.open(self._root / _checked(key), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise _missing(key) from error
        return _LocalSlices(handle, start, length)


class BucketObjects(_StoredObjects):
    """A bucket of an S3-compatible service."""

    def size(self, key: str) -> int:
        try:
            return obstore.head(self._store, _checked(key))["size"]
        except FileNotFoundError as error:
            raise _missing(key) from error
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        total = self.size(key)
        end = total if length is None else min(total, start + length)
        return self._slices(key, start, end)

    def _slices(self, key: str, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            stop = min(end, start + SLICE)
            try:
                part = obstore.get_range(self._store, key, start=start, end=stop)
            except FileNotFoundError as error:
                raise _missing(key) from error
            except (BaseError, OSError) as error:
                raise _unavailable(error) from error
            yield bytes(part)
            start = stop

    def _attributes(self, content_type: str) -> Any:
        return {"Content-Type": content_type}


class _LocalSlices(Iterator[bytes]):
    """An open file read by ``pread``; closes itself at the end, on ``close`` and when forgotten."""

    def __init__(self, handle: int, start: int, length: int | None) -> None:
        self._handle: int | None = handle
        self._at = start
        self._left = length

    def __next__(self) -> bytes:
        if self._handle is None:
            raise StopIteration
        wanted = SLICE if self._left is None else min(SLICE, self._left)
        part = os.pread(self._handle, wanted, self._at) if wanted else b""
        if not part:
            self.close()
            raise StopIteration
        self._at += len(part)
        if self._left is not None:
            self._left -= len(part)
        return part

    def close(self) -> None:
        """Let go of the file."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with suppress(OSError):
                os.close(handle)

    def __del__(self) -> None:
        self.close()


def _bucket(url: str) -> S3Store:
    address = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(address.query).items()}
    endpoint = options.get("endpoint") or None
    client: Any = {"allow_http": True} if endpoint and endpoint.startswith("http://") else None
    return S3Store(
        address.netloc,
        prefix=address.path.strip("/") or None,
        region=options.get("region") or os.environ.get("AWS_REGION") or "us-east-1",
        endpoint=endpoint,
        client_options=client,
        retry_config={"max_retries": 4},
    )


def _checked(key: str) -> str:
    """Keys are ours, relative and plain: a strange one is a fault of the program."""
    parts = key.split("/")
    if not key.isascii() or any(part in ("", ".", "..") for part in parts) or "\\" in key or "\0" in key:
        raise ValueError(f"{key!r} is no object key")
    return key


def _missing(key: str) -> ObjectNotFound:
    return ObjectNotFound(f"There is no object {key}.")


def _unavailable(error: Exception) -> ObjectsUnavailable:
    return ObjectsUnavailable(f"Files cannot be stored or read now: {str(error).splitlines()[0][:300]}")
