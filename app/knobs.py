"""Knobs: the values a person may set, checked against the configs that will take them."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import fields
from types import NoneType
from typing import Any
from typing import Literal
from typing import get_args
from typing import get_origin
from typing import get_type_hints

from app.errors import BadAssignment
from app.errors import BadKnobValue
from app.errors import UnknownKnob


Value = bool | int | float | str
Knobs = dict[str, dict[str, Value]]
"""stage -> knob -> value; only what was set"""
Configs = Mapping[str, type]
"""stage -> the frozen dataclass that holds its knobs"""

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}


def parse_assignment(text: str, configs: Configs) -> Knobs:
    """What ``stage.knob=value`` asks for, with the type that the knob has."""
    name, equals, raw = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise BadAssignment(text)
    stage, knob = _split(name, configs)
    value = _parse(name, raw.strip(), _types(configs[stage])[knob])
    return {stage: {knob: _ranged(name, value, configs[stage])}}


def checked(knobs: Mapping[str, Any], configs: Configs) -> Knobs:
    """The same knobs as read from a file, every name known and every value of its knob's type."""
    result: Knobs = {}
    for stage, values in knobs.items():
        if stage not in configs or not isinstance(values, Mapping):
            raise unknown(stage, tuple(configs))
        types = _types(configs[stage])
        for knob, value in values.items():
            name = f"{stage}.{knob}"
            if knob not in types:
                raise unknown(name, _all_names(configs))
            result.setdefault(stage, {})[knob] = _ranged(name, _conform(name, value, types[knob]), configs[stage])
    return result


def layered(*layers: Knobs) -> Knobs:
    """All knobs together; a later layer wins."""
    result: Knobs = {}
    for layer in layers:
        for stage, values in layer.items():
            result[stage] = result.get(stage, {}) | values
    return result


def differing(knobs: Knobs, base: Knobs, configs: Configs) -> Knobs:
    """Those that say something else than ``base`` over the configs' own defaults."""
    result: Knobs = {}
    for stage, values in knobs.items():
        below = configs[stage](**base.get(stage, {}))
        kept = {knob: value for knob, value in values.items() if value != getattr(below, knob)}
        if kept:
            result[stage] = kept
    return result


def unknown(name: str, known: tuple[str, ...]) -> UnknownKnob:
    """The fact that a name does not exist, with the one that was probably meant."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return UnknownKnob(name, near[0] if near else None, known)


def _split(name: str, configs: Configs) -> tuple[str, str]:
    stage, _, knob = name.partition(".")
    if stage not in configs or knob not in _types(configs[stage]):
        raise unknown(name, _all_names(configs))
    return stage, knob


def _all_names(configs: Configs) -> tuple[str, ...]:
    return tuple(f"{stage}.{field.name}" for stage, config in configs.items() for field in fields(config))


def _types(config: type) -> dict[str, Any]:
    return get_type_hints(config)


def _parse(name: str, raw: str, kind: Any) -> Value:
    """A word of the command line as the knob's type."""
    if kind is bool:
        values = {
            "true": True,
            "yes": True,
            "on": True,
            "1": True,
            "false": False,
            "no": False,
            "off": False,
            "0": False,
        }
        if raw.lower() in values:
            return values[raw.lower()]
        raise BadKnobValue(name, raw, _WORDS[bool])
    if kind in (int, float):
        try:
            value = kind(raw.replace("_", ""))
        except ValueError:
            raise BadKnobValue(name, raw, _WORDS[kind]) from None
        return _conform(name, value, kind)
    return _conform(name, raw, kind)


def _conform(name: str, value: Any, kind: Any) -> Value:
    """The value if the knob can take it; a whole number may stand where a number is wanted."""
    if get_origin(kind) is Literal:
        if value in get_args(kind):
            return value
        raise BadKnobValue(name, str(value), "one of " + ", ".join(map(str, get_args(kind))))
    wanted = next((part for part in get_args(kind) if part is not NoneType), kind)
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise BadKnobValue(name, str(value), _WORDS.get(wanted, wanted.__name__))
    if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
        raise BadKnobValue(name, str(value), f"{_WORDS[wanted]}, zero or more")
    return value


def _ranged(name: str, value: Value, config: type) -> Value:
    """The value, if it lies within what its knob's metadata allows."""
    limits = next(each.metadata for each in fields(config) if each.name == name.rpartition(".")[2])
    if "least" in limits and isinstance(value, int | float) and not limits["least"] <= value <= limits["most"]:
        kind = _WORDS[type(value)]
        raise BadKnobValue(name, f"{value:,}", f"{kind} from {limits['least']:,} to {limits['most']:,}")
    return value
