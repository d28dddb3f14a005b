"""Who may see the cockpit and who may command through it: hosts, origins, tokens, limits."""

from daemon.web.access.door import Access, bearer

__all__ = ["Access", "bearer"]
