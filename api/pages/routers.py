"""All pages."""

from __future__ import annotations

from api.pages import process, processes, static_files, why

PAGE_ROUTERS = (static_files.router, processes.router, process.router, why.router)
"""Each in its module."""
