"""The JSON schema of a scenario: for editors, and to say in words what may stand at a place of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from marketsim.errors import listing
from marketsim.scenario.schema import Scenario
from marketsim.scenario.source import Key

Schema = dict[str, Any]

_QUARTER = "[0-9]{4}Q[1-4]"
_TEXT: Schema = {"type": "string"}
_MARKS: Schema = {
    "source": {**_TEXT, "description": "where the figures here come from: an address or a citation"},
    "note": {**_TEXT, "description": "what to know about the figures here"},
}


class _Generator(GenerateJsonSchema):
    """Knows that a number may stand for a path over time: the only types with a validator before them are paths."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        path = super().function_before_schema(schema)
        path |= {"propertyNames": {"pattern": f"^{_QUARTER}$"}, "minProperties": 1}
        return {"anyOf": [path["additionalProperties"], path]}


@cache
def model_schema() -> Schema:
    """JSON schema of a scenario without sources, notes and `extends`: what is validated in the end."""
    return Scenario.model_json_schema(schema_generator=_Generator)


def schema_at(path: Sequence[Key]) -> Schema | None:
    """The schema of the value at a path of keys and indices, references resolved; None where nothing may stand."""
    here: Schema | None = resolved(model_schema())
    for key in path:
        here = None if here is None else part(here, key)
    return here


def resolved(schema: Schema) -> Schema:
    """The schema with its reference replaced by what it refers to."""
    if "$ref" not in schema:
        return schema
    return {**model_schema()["$defs"][schema["$ref"].rsplit("/", 1)[1]], **schema}


def part(schema: Schema, key: Key) -> Schema | None:
    """The schema of an entry of a mapping or list; a number in a path keeps the path's unit and meaning."""
    for option in schema.get("anyOf", [schema]):
        entry = option.get("items") if isinstance(key, int) else _entry(option, key)
        if entry is not None:
            meaning: Schema = {name: schema[name] for name in ("unit", "description") if name in schema}
            return resolved({**meaning, **entry} if entry.get("type") == "number" else entry)
    return None


def _entry(schema: Schema, key: str) -> Schema | None:
    if key in schema.get("properties", {}):
        return schema["properties"][key]  # type: ignore[no-any-return]
    for pattern, entry in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return entry  # type: ignore[no-any-return]
    free = schema.get("additionalProperties")
    return free if isinstance(free, dict) else None


def in_words(schema: Schema) -> str:
    """What the schema allows, for people: `a number from 0 to 1 (share of ...)`."""
    options = schema.get("anyOf", [schema])
    words = " or ".join(dict.fromkeys(_type_in_words(resolved(option)) for option in options))
    unit = schema.get("unit", "1")
    meaning = f" ({schema['description']})" if "description" in schema else ""
    return words + (f", in {unit}" if unit != "1" else "") + meaning


def _type_in_words(schema: Schema) -> str:
    if "const" in schema or "enum" in schema:
        return listing([str(choice) for choice in schema.get("enum", [schema.get("const")])])
    match schema.get("type"):
        case "number":
            return "a number" + _bounds_in_words(schema)
        case "integer":
            return "a whole number" + _bounds_in_words(schema)
        case "string" if "pattern" in schema:
            return "a name of a-z, 0-9 and -, at most 40 characters"
        case "string":
            return "text"
        case "boolean":
            return "true or false"
        case "array":
            return "a list"
        case "null":
            return "null"
        case "object" if "properties" in schema:
            return f"a mapping with the keys {listing(list(schema['properties']), 6)}"
        case "object" if schema.get("propertyNames", {}).get("pattern"):
            return "such numbers by quarter like {2025Q1: ..., 2026Q1: ...}"
    return "a mapping"


def _bounds_in_words(schema: Schema) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f" from {schema['minimum']:,.10g} to {schema['maximum']:,.10g}"
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    bounds = [f"{word} {schema[name]:,.10g}" for name, word in words.items() if name in schema]
    return " " + " and ".join(bounds) if bounds else ""


def scenario_json_schema() -> Schema:
    """JSON schema for editors of scenario files.

    Every figure may also be `{value, source, note}`, every mapping may carry `source` and `note`. With `extends`,
    nothing is required and `null` removes what the extended scenario says.
    """
    full, partial = _editor_schema(False), _editor_schema(True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of the market simulator",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/PartialScenario"},
        "else": {"$ref": "#/$defs/Scenario"},
        "$defs": {**full, **partial},
    }


def _editor_schema(partial: bool) -> Schema:
    """The definitions of all models; partial: for files that extend another one."""
    prefix = "Partial" if partial else ""
    models = {**model_schema()["$defs"], "Scenario": {k: v for k, v in model_schema().items() if k != "$defs"}}
    definitions = {prefix + name: _for_editor(model, partial) for name, model in models.items()}
    if partial:
        extends = {**_TEXT, "description": "the scenario that this file changes: a name or the path of a file"}
        definitions["PartialScenario"]["properties"]["extends"] = extends
    return definitions


def _for_editor(schema: Schema, partial: bool) -> Schema:
    """A schema whose figures may have sources, and where `partial` nothing is required."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return {**schema, "$ref": f"#/$defs/{'Partial' if partial else ''}{name}"}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_for_editor(option, partial) for option in schema["anyOf"]]}
    if schema.get("type") == "array":
        # A list replaces the list of the extended scenario, so its entries are whole.
        return _or_sourced({**schema, "items": _for_editor(schema["items"], False)})
    if schema.get("type") != "object":
        return _or_sourced(schema)
    result = {**schema, "properties": {**_entries(schema.get("properties", {}), partial), **_MARKS}}
    if "patternProperties" in schema:
        named = {f"(?!^(source|note)$){pattern}": entry for pattern, entry in schema["patternProperties"].items()}
        result |= {"patternProperties": _entries(named, partial), "additionalProperties": False}
    elif isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = _or_null(_for_editor(schema["additionalProperties"], partial), partial)
    if schema.get("propertyNames", {}).get("pattern"):
        result["propertyNames"] = {"pattern": f"^({_QUARTER}|source|note)$"}
    if partial:
        result.pop("required", None)
    return _or_sourced(result) if "properties" not in schema else result


def _entries(entries: Mapping[str, Schema], partial: bool) -> Schema:
    return {key: _or_null(_for_editor(entry, partial), partial) for key, entry in entries.items()}


def _or_null(schema: Schema, partial: bool) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]} if partial else schema


def _or_sourced(schema: Schema) -> Schema:
    sourced = {"type": "object", "properties": {"value": schema, **_MARKS}, "required": ["value"]}
    return {"anyOf": [schema, {**sourced, "additionalProperties": False}]}
