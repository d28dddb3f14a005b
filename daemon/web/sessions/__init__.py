"""Recorded sessions in the browser, daemon or not; nothing is written to their folder."""

from daemon.web.sessions.routes import session_routes

__all__ = ["session_routes"]
