"""What every answer tells browsers to refuse, whatever kind of answer it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User

ROOT = Path(__file__).resolve().parents[2]
PATHS = ["/", "/search/", "/account/login/", "/api/v1/me", "/api/v1/docs", "/api/v1/nothing", "/nothing", "/admin/"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(owner: User, client_for: Callable[[User], Client], path: str) -> None:
    response = client_for(owner).get(path)
    policy = response["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "script-src 'self'",
        "style-src 'self'",
    ):
        assert part in policy
    assert "unsafe" not in policy
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"] and "microphone=()" in response["Permissions-Policy"]


@pytest.mark.parametrize("path", PATHS)
def test_trace_is_answered_nowhere(owner: User, client_for: Callable[[User], Client], path: str) -> None:
    response = client_for(owner).trace(path, headers={"X-Planted": "echo-me"})
    assert response.status_code == 405 and b"echo-me" not in response.content


@pytest.mark.django_db
def test_over_https_plain_requests_are_sent_there_and_health_is_not(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert Client().get("/account/login/")["Location"] == "https://testserver/account/login/"
    assert Client().get("/health/live").status_code == 200
    for path in ("/api/v1/me", "/ingest", "/retrieve", "/oauth/token"):
        program = Client().get(path, headers={"Authorization": "Bearer msh_x"})
        assert program.status_code == 403 and program.json()["code"] == "https-required", path
    behind_the_proxy = Client().get("/account/login/", headers={"X-Forwarded-Proto": "https"})
    assert behind_the_proxy.status_code == 200
    assert behind_the_proxy["Strict-Transport-Security"] == "max-age=3600"


def test_refusals_are_logged_with_who_and_where_and_without_what_was_asked(
    viewer: User, client_for: Callable[[User], Client], caplog: pytest.LogCaptureFixture
) -> None:
    client_for(viewer).post("/personas/new/?q=private+words", {"name": "x"})
    Client().get("/api/v1/me?q=private+words")
    told = [record.getMessage() for record in caplog.records if record.name == "memshadow.middleware"]
    assert len(told) == 2 and str(viewer.id) in told[0] and "Refused with 403: POST" in told[0]
    assert "Refused with 401: GET /api/v1/me, person nobody, from 127.0.0.1" in told[1]
    assert not any("private" in line for line in told)


def test_over_https_cookies_cannot_be_planted_by_a_neighbouring_host(tmp_path: Path) -> None:
    code = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE)"
    )
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "--command", code],
        env={
            "PATH": "/usr/bin:/bin",
            "MEMSHADOW_DATA_DIR": str(tmp_path),
            "MEMSHADOW_BASE_URL": "https://memory.example.org",
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "True"]


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [({}, ""), ({"MEMSHADOW_BASE_URL": "https://memory.example.org"}, ""), ({"HOST": "0.0.0.0"}, "W016")],  # noqa: S104
)
def test_check_deploy_is_clean_unless_the_network_would_see_everything(
    environment: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "check", "--deploy", "--fail-level", "WARNING"],
        env={"PATH": "/usr/bin:/bin", "MEMSHADOW_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode == 0) == (not complaint), done.stderr
    assert complaint in done.stderr
