"""The application over real HTTP."""

import httpx
import pytest


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/static/icon.svg", 200),
        ("/static/%2e%2e/app.py", 404),
        ("/static/none.js", 404),
        ("/nothing", 404),
        ("/live", 404),
    ],
)
def test_every_answer_has_the_headers_that_keep_a_page_safe(cockpit, path, status):
    answer = httpx.get(cockpit.url.rstrip("/") + path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_a_stranger_s_name_is_refused_with_the_same_headers(cockpit):
    answer = httpx.get(cockpit.url, headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


def test_without_a_control_port_there_are_no_commands(cockpit):
    assert httpx.post(cockpit.url + "command", json={}).status_code == 404
