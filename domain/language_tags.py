"""Language tags by the grammar of RFC 5646 (BCP 47): `ar`, `ar-Latn`, `sr-Latn-RS`, `de-CH-1996`, `x-local`.

A tag is checked for its form, not for whether its parts are registered, which changes with the years. Letters may be
large or small; no variant and no extension stands in it twice.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Final

from pydantic import Field

TAG_PATTERN: Final = r"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$"
"""What any tag looks like, and some texts that are none."""
_LANGUAGE = r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4}|[A-Za-z]{5,8})"
_VARIANT = r"(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3})"
_EXTENSION = r"(?:[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)"
_PRIVATE = r"(?:[Xx](?:-[A-Za-z0-9]{1,8})+)"
_IRREGULAR = (
    "en-GB-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)|sgn-(?:BE-FR|BE-NL|CH-DE)"
)
"""Tags that the grammar lists one by one."""
GRAMMAR: Final = (
    rf"^({_LANGUAGE}(?:-[A-Za-z]{{4}})?(?:-(?:[A-Za-z]{{2}}|[0-9]{{3}}))?(?:-{_VARIANT})*(?:-{_EXTENSION})*(?:-{_PRIVATE})?"
    rf"|{_PRIVATE}|{_IRREGULAR})$"
)
"""The grammar of section 2.1, but for what may not stand twice."""
_WELL_FORMED = re.compile(GRAMMAR, re.IGNORECASE | re.ASCII)
LanguageTag = Annotated[str, Field(pattern=TAG_PATTERN, max_length=100, json_schema_extra={"pattern": GRAMMAR})]
"""A tag as it may be stored; a new one must be well-formed (`domain/new_events.py`), and is described as such."""
ADVICE = "send a language tag of BCP 47, for example `en`, `ar`, `ar-Latn` or `sr-Latn-RS`"


@lru_cache(1_000)  # there are few in a log
def is_language_tag(text: str) -> bool:
    """Whether a text is a well-formed language tag."""
    if not _WELL_FORMED.fullmatch(text):
        return False
    parts = text.casefold().split("-")
    public = parts[: parts.index("x")] if "x" in parts else parts
    first = next((index for index, part in enumerate(public) if len(part) == 1), len(public))
    variants = [part for part in public[1:first] if len(part) >= 5 or (len(part) == 4 and part[0].isdigit())]
    singletons = [part for part in public if len(part) == 1]
    return len(set(variants)) == len(variants) and len(set(singletons)) == len(singletons)
