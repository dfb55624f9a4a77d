"""All pages."""

from __future__ import annotations

from api.pages import guide, lists, over_time, process, processes, static_files, why

PAGE_ROUTERS = (
    static_files.router,
    processes.router,
    process.router,
    why.router,
    over_time.router,
    lists.router,
    guide.router,
)
"""Each in its module."""
