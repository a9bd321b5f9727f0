"""The SDK before the real app, in this process: no socket, nothing mocked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import pytest
from flask import Flask
from flexapp_sdk import FlexApp, RetryPolicy
from flexapp_sdk.testing import WsgiAdapter

from flexapp.people.models import Person, Scope
from flexapp.workflows.services import Services
from tests.factories.people import make_api_token, make_person

Connect = Callable[..., FlexApp]


@dataclass(frozen=True)
class Caller:
    """A person and a client with their token."""

    person: Person
    sdk: FlexApp


@pytest.fixture
def connect(app: Flask, services: Services) -> Connect:
    """A client with a new token of a person."""

    def make(person: Person, scopes: Collection[Scope] = tuple(Scope)) -> FlexApp:
        with services.database.writing() as session:
            token = make_api_token(session, person, scopes=scopes, now=services.clock.now())
        return FlexApp(
            token,
            base_url=services.settings.base_url,
            adapter=WsgiAdapter(app.wsgi_app),
            retry=RetryPolicy(tries=1),
        )

    return make


@pytest.fixture
def ada(services: Services, connect: Connect) -> Caller:
    """A producer who also curates."""
    with services.database.writing() as session:
        person = make_person(session, name="Ada")
    return Caller(person, connect(person))


@pytest.fixture
def bob(services: Services, connect: Connect) -> Caller:
    """Another one."""
    with services.database.writing() as session:
        person = make_person(session, name="Bob")
    return Caller(person, connect(person))
