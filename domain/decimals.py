"""Numbers as they were written: 0.1 and 0.2 are 0.3, and 2000 and 2000.0 are one.

An event holds a number as JSON had it: whole, or a float. A float stands for the shortest decimal that reads as it
(`repr`), which is what was sent, up to 15 digits. So nothing that is stored changes: a number becomes exact when it is
read to be compared or added, and a float again when it is shown.

    exact(0.1)                         Decimal('0.1')
    total(map(exact, (0.1, 0.2)))      Decimal('0.3')
    about(exact(0.1))                  (Decimal('0.09'), Decimal('0.11'))

Whole numbers stay `int`, so the usual case costs next to nothing. An int and a Decimal of one value are equal and have
one hash, and comparing them is exact. Adding them with `+` is not: that rounds to 28 digits. Use the functions here.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

Exact = int | Decimal
"""A whole number as `int`, any other as `Decimal`: never a Decimal that is whole."""

_EXACTLY: Final = Context(prec=1_500, traps=[Inexact, InvalidOperation])
"""Digits for any sum of floats, which reach from 5e-324 to 1e308. A result that did not fit would be refused, not
rounded."""
_TENTH: Final = Decimal("0.1")
_HALF: Final = Decimal("0.5")


def exact(number: float | Decimal | str) -> Exact:
    """A number as it was written, or as `as_text` writes it.

    Raises:
        ValueError: a text that is no number, infinity or NaN.
    """
    if isinstance(number, int):
        return int(number)
    if isinstance(number, float):
        return int(number) if number.is_integer() else _settled(Decimal(repr(number)))
    if isinstance(number, str) and number.isdecimal() and number.isascii():
        return int(number)
    try:
        return _settled(Decimal(number))
    except InvalidOperation:
        raise ValueError("not a number") from None


def total(numbers: Iterable[Exact]) -> Exact:
    """The sum; 0 of none. The order does not matter."""
    whole, fractions = 0, Decimal(0)
    for number in numbers:
        if isinstance(number, int):
            whole += number
        else:
            fractions = _EXACTLY.add(fractions, number)
    return _settled(_EXACTLY.add(fractions, whole)) if fractions else whole


def times(number: Exact, factor: int) -> Exact:
    """So many times the number."""
    return number * factor if isinstance(number, int) else _settled(_EXACTLY.multiply(number, factor))


def middle(low: Exact, high: Exact) -> Exact:
    """The number half-way between two."""
    if isinstance(low, int) and isinstance(high, int):
        whole, odd = divmod(low + high, 2)
        return _tenths((low + high) * 5) if odd else whole
    return _settled(_EXACTLY.multiply(_decimal(total((low, high))), _HALF))


def about(number: Exact) -> tuple[Exact, Exact]:
    """Ten per cent to either side: how "about" is read where no range is stated. A convention of ours."""
    if isinstance(number, int) and number % 10 == 0:
        return number - number // 10, number + number // 10
    if isinstance(number, int):
        return _tenths(number * 9), _tenths(number * 11)
    tenth = _EXACTLY.multiply(number, _TENTH)
    return _settled(_EXACTLY.subtract(number, tenth)), _settled(_EXACTLY.add(number, tenth))


def more_than(number: Exact) -> Exact:
    """The least that "more than" allows: one above a whole number, else the number, which has no next one."""
    return number + 1 if isinstance(number, int) else number


def as_text(number: Exact) -> str:
    """All digits of a number, without an exponent: `2000`, `0.3`. `exact` reads it again."""
    return str(number) if isinstance(number, int) else f"{number:f}"


def as_number(number: Exact) -> float:
    """A number for JSON: whole, or the nearest float. `exact` of it is the number again, up to 15 digits."""
    return number if isinstance(number, int) else float(number)


def _decimal(number: Exact) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(number)


def _tenths(number: int) -> Decimal:
    """A tenth of a number that does not end in 0, so that nothing is to be shortened."""
    return Decimal(number).scaleb(-1, _EXACTLY)


def _settled(number: Decimal) -> Exact:
    if not number.is_finite():
        raise ValueError("NaN and infinity are not numbers")
    if number == number.to_integral_value(context=_EXACTLY):
        return int(number)
    return number.normalize(_EXACTLY)
