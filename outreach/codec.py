"""Convert dataclasses to JSON values and back with cattrs, by their type annotations.

A dataclass becomes an object with its fields' names; an enum its value; an instant, a day or a time its ISO 8601 text; a zone
its name; a tuple or a set a list. The keys of an object are text.
Reading is strict: "4" is no number, and true is none. A missing field has its default. A key without a field is ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from functools import partial
from types import GenericAlias
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

from cattrs import Converter
from cattrs.cols import is_mapping
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

T = TypeVar("T")
_KEY = "json_key"
_converter = Converter(detailed_validation=False, unstruct_collection_overrides={tuple: list, frozenset: sorted})
_without_defaults: set[type] = set()


class Unreadable(ValueError):
    """The JSON does not have the shape of the type that was asked for."""


def to_json(value: Any) -> Any:
    """Return a value as JSON values: dicts, lists, text, numbers, true, false and null."""
    return _converter.unstructure(value)


def from_json(kind: type[T], stored: Any) -> T:
    """Return the value of type `kind` that was stored; raise Unreadable where the JSON has another shape."""
    try:
        return _converter.structure(stored, kind)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # Do not quote what was stored: it may contain names, and errors are logged.
        raise Unreadable(f"{type(error).__name__} in what should be {kind}") from None


def key(name: str) -> dict[str, str]:
    """Return the metadata of a dataclass field that has another name in JSON: field(metadata=codec.key("new"))."""
    return {_KEY: name}


def write_without_defaults(*kinds: type) -> None:
    """Store only those fields of these dataclasses that differ from their defaults."""
    _without_defaults.update(kinds)


def write_as_list(kind: type) -> None:
    """Write this dataclass as a list of its fields' values."""
    names = [field.name for field in fields(kind)]
    shape: Any = GenericAlias(tuple, tuple(field.type for field in fields(kind)))
    write_as(
        kind,
        lambda value: _converter.unstructure([getattr(value, name) for name in names], shape),
        lambda stored: kind(*_converter.structure(stored, shape)),
    )


def write_as(kind: type[T], write: Callable[[T], Any], read: Callable[[Any], T]) -> None:
    """Convert this class by two functions of its own."""
    _converter.register_unstructure_hook(kind, write)
    _converter.register_structure_hook(kind, lambda stored, _kind: read(stored))


def _read_exactly(taken: tuple[type, ...], stored: Any, kind: type) -> Any:
    """Return a number, a truth value or a text, or an enum member with that value. Raise TypeError for another type."""
    if type(stored) not in taken:
        raise TypeError(f"{type(stored)} is no {kind}")
    return kind(stored)


for _primitive, _taken in {bool: (bool,), int: (int,), float: (int, float), str: (str,)}.items():
    _converter.register_structure_hook(_primitive, partial(_read_exactly, _taken))
_converter.register_unstructure_hook(str, str)  # of a StrEnum, its value
for _moment in (datetime, date):
    write_as(_moment, _moment.isoformat, _moment.fromisoformat)
write_as(time, lambda at: at.isoformat().removesuffix(":00"), time.fromisoformat)  # 08:00 where there are no seconds
write_as(ZoneInfo, lambda zone: zone.key, ZoneInfo)


@_converter.register_unstructure_hook_factory(is_dataclass)
def _object_of(kind: Any, converter: Converter) -> Callable[[Any], Any]:
    leaves_out = kind in _without_defaults
    return make_dict_unstructure_fn(kind, converter, _cattrs_omit_if_default=leaves_out, **_keys(kind))


@_converter.register_structure_hook_factory(is_dataclass)
def _read_object(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    read = make_dict_structure_fn(kind, converter, **_keys(kind))

    def read_strictly(stored: Any, _kind: Any) -> Any:
        if not isinstance(stored, Mapping):
            raise TypeError(f"{type(stored)} is no object")
        return read(stored, kind)

    return read_strictly


@_converter.register_unstructure_hook_factory(is_mapping)
def _mapping_of(kind: Any, converter: Converter) -> Callable[[Any], Any]:
    _key_kind, value_kind = get_args(kind) or (str, Any)
    write = converter.get_unstructure_hook(value_kind)
    return lambda mapping: {str(key): write(value) for key, value in mapping.items()}


@_converter.register_structure_hook_factory(is_mapping)
def _read_mapping(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    key_kind, value_kind = get_args(kind) or (str, Any)
    read_key = (lambda text, _kind: int(text)) if key_kind is int else converter.get_structure_hook(key_kind)
    read = converter.get_structure_hook(value_kind)
    return lambda stored, _kind: {read_key(key, key_kind): read(value, value_kind) for key, value in stored.items()}


def _keys(kind: Any) -> dict[str, Any]:
    return {field.name: override(rename=field.metadata[_KEY]) for field in fields(kind) if _KEY in field.metadata}
