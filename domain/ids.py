"""The form of ids. It stands apart, so that a command that only asks need not load the values of events."""

from typing import Final

ID_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,63}$"
