"""Values of files that the user keeps: given their types and bounds, or refused in words. msgspec does the checking."""

import re
from typing import Any, TypeVar, overload

import msgspec
from msgspec import inspect

_ON_THE_WAY = re.compile(r"\.([a-z_]+)")
_MISSING = re.compile(r"missing required field `(\w+)`")
_Kind = TypeVar("_Kind")


class DamagedError(Exception):
    """A field is missing, of the wrong type or out of range."""


@overload
def typed(raw: object, kind: type[_Kind], name: str = "") -> _Kind: ...
@overload
def typed(raw: object, kind: Any, name: str = "") -> Any: ...
def typed(raw: object, kind: Any, name: str = "") -> Any:
    """What `json.loads` has read, as a dataclass, or a type with bounds (`msgspec.Meta`), of the name it has in the
    file. Fields that the class does not have are left out. Raises DamagedError, which names the field."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        missing = _MISSING.search(str(error))
        if missing is not None:
            raise DamagedError(f"{missing[1]} is missing") from error
        # "Expected `int` <= 9 - at `$.takes[0].nudge`"
        names = _ON_THE_WAY.findall(str(error).partition(" - at ")[2])
        known = inspect.type_info(kind)
        for each in names:
            known = _field(known, each)
        raise DamagedError(f"{names[-1] if names else name} is not {_words(known)}") from error
    except UnicodeEncodeError:
        raise DamagedError("a name holds half a character") from None


def _field(kind: inspect.Type, name: str) -> inspect.Type:
    """The type of a field of an object, or of the objects of a list."""
    found = _plain(kind)
    if isinstance(found, inspect.VarTupleType):
        found = _plain(found.item_type)
    assert isinstance(found, inspect.DataclassType)
    return next(field.type for field in found.fields if field.name == name)


def _plain(kind: inspect.Type) -> inspect.Type:
    """Without what may be left out."""
    if isinstance(kind, inspect.Metadata):
        return _plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        return _plain(next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
    return kind


def _words(kind: inspect.Type) -> str:
    """What a value should have been."""
    match _plain(kind):
        case inspect.IntType(ge=low, le=high):
            return f"a whole number from {low} to {high}"
        case inspect.FloatType(ge=low, le=high):
            return f"a number from {low:g} to {high:g}"
        case inspect.StrType(max_length=limit):
            return f"a text of up to {limit} whole characters"
        case inspect.BoolType():
            return "true or false"
        case inspect.EnumType(cls=choices):
            return f"one of {', '.join(str(each.value) for each in choices)}"
        case inspect.VarTupleType(max_length=limit):
            return f"a list of up to {limit} objects"
        case inspect.DictType(max_length=None) | inspect.DataclassType():
            return "an object"
        case inspect.DictType(max_length=limit):
            return f"an object of up to {limit} named whole numbers, texts, yes or no"
        case other:
            raise AssertionError(f"{other} has no words")


def plain(value: object) -> Any:
    """A dataclass as `json.dumps` takes it."""
    return msgspec.to_builtins(value)
