"""All pages."""

from __future__ import annotations

from api.pages import (
    compare,
    drawings,
    guide,
    lists,
    live,
    maps,
    over_time,
    places,
    process,
    processes,
    record,
    report,
    static_files,
    suggestions,
    why,
)

PAGE_ROUTERS = (
    static_files.router,
    processes.router,
    process.router,
    why.router,
    compare.router,
    over_time.router,
    drawings.router,
    lists.router,
    places.router,
    maps.router,
    live.router,
    suggestions.router,
    record.router,
    report.router,
    guide.router,
)
"""Each in its module."""
