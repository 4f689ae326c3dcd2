"""Who takes part when an app signs in: the app, the command line, and Alice's browser."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client
from oauth2_provider.models import Application

from accounts.models import User
from accounts.oauth import registration
from accounts.tests.oauth_dance import REDIRECT


@pytest.fixture
def app(db: None) -> Application:
    """An assistant that registered itself."""
    body = {"client_name": "Assistant", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"}
    return registration.register(json.dumps(body).encode()).application


@pytest.fixture
def cli(db: None) -> Application:
    """The command line client, which the server brings."""
    return Application.objects.get(client_id="memcli")


@pytest.fixture
def alice(owner: User, client_for: Callable[[User], Client]) -> Client:
    """The owner's browser."""
    return client_for(owner)
