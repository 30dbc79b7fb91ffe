"""JSON as the project writes it: one object, deterministic bytes, finite numbers only.

Python's own reader takes ``NaN``, ``Infinity`` and ``1e999``; none of them is a number that a result may hold.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn


class StrictJsonError(ValueError):
    """The bytes are no JSON object of finite numbers."""


def write_json(content: Mapping[str, Any]) -> bytes:
    """Return the bytes of a JSON object: sorted keys, ASCII, equal for equal content.

    :raises StrictJsonError: for a number that is not finite or a type that JSON does not have.
    """
    try:
        return json.dumps(content, allow_nan=False, sort_keys=True).encode("ascii")
    except (TypeError, ValueError) as exception:
        raise StrictJsonError(f"cannot be written as JSON: {exception}") from exception


def read_json(content: bytes) -> dict[str, Any]:
    """Return the object that :func:`write_json` wrote.

    :raises StrictJsonError: when the bytes are damaged, hold no object, or a number that is not finite.
    """
    try:
        value = json.loads(content.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as exception:
        raise StrictJsonError(f"not readable as JSON: {exception}") from exception
    if not isinstance(value, dict):
        raise StrictJsonError(f"holds a JSON {type(value).__name__}, expected an object")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"'{constant}' is no finite number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"'{text}' is no finite number")
    return number
