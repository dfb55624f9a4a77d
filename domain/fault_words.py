"""What to do about a value that does not fit, by the kind of fault that pydantic finds."""

from __future__ import annotations

HINTS = {
    "json_invalid": "send valid JSON: {error}",
    "missing": "required: send it",
    "none_required": "a revision has no time of occurrence: omit it",
    "uuid_parsing": "send a UUID: that of a recorded event, or for a new event one made by `uuidgen`",
    "uuid_type": "send a UUID as text",
    "string_type": "send text",
    "string_too_short": "an empty text says nothing: write at least {min_length} character",
    "string_too_long": "the text is too long: send at most {max_length} characters",
    "string_unicode": "send valid Unicode text; a lone surrogate is not a character",
    "enum": "send {expected}",
    "bool_type": "send true or false",
    "int_type": "send a whole number",
    "float_type": "send a number",
    "finite_number": "send a finite number",
    "greater_than_equal": "send a number of {ge:.0f} or more",
    "less_than_equal": "send a number of {le:.0f} or less",
    "dict_type": "send an object",
    "model_type": "send an object",
    "model_attributes_type": "send an object",
    "tuple_type": "send an array",
    "too_short": "send at least {min_length} of them",
    "too_long": "send at most {max_length} of them",
}
