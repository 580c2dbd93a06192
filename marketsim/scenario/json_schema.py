"""JSON schemas of files: for editors, and to say in words what may stand at a place of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from marketsim.errors import listing
from marketsim.scenario.experiment_file import ExperimentFile, PolicyFile
from marketsim.scenario.fields import ALWAYS, Section
from marketsim.scenario.reference_file import ReferenceFile
from marketsim.scenario.schema import Scenario
from marketsim.scenario.source import Key
from marketsim.scenario.target_file import TargetFile
from marketsim.scenario.vocabulary import Vocabulary, Words

Schema = dict[str, Any]

QUARTERS = "^[0-9]{4}Q[1-4]$"
_TEXT: Schema = {"type": "string"}
_MARKS: Schema = {name: {"$ref": f"#/$defs/{name}"} for name in ("source", "note")}
_MARKS_DEFINED: Schema = {
    "source": {**_TEXT, "description": "where the figures here come from: an address or a citation"},
    "note": {
        "description": "what to know about the figures here, first how sure they are: text, or {en: ..., zh: ...}",
        "if": {"type": "object"},
        "then": {"properties": {"en": _TEXT, "zh": _TEXT}, "required": ["en", "zh"], "additionalProperties": False},
        "else": _TEXT,
    },
}

_AI_CHIPS = Words(Vocabulary())


class SchemaGenerator(GenerateJsonSchema):
    """Knows the types with validators: quarters have one after them, paths over time, or one number, before them."""

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        return super().function_after_schema(schema) | {"pattern": QUARTERS}

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Ways of writing one value are alternatives like any others."""
        return {"anyOf": super().tagged_union_schema(schema)["oneOf"]}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        path = super().function_before_schema(schema) | {"minProperties": 1}
        return {"anyOf": [path["patternProperties"][QUARTERS], path]}


@cache
def model_schema(model: type[Section] = Scenario) -> Schema:
    """JSON schema of a file's model without sources, notes and `extends`: what is validated in the end."""
    return model.model_json_schema(schema_generator=SchemaGenerator)


@cache
def _definitions() -> Schema:
    """The parts of every kind of file by the name of their model; models of different files share no name."""
    models = (TargetFile, ReferenceFile, ExperimentFile, PolicyFile, Scenario)
    parts = {name: part for model in models for name, part in model_schema(model)["$defs"].items()}
    return {**parts, **{model.__name__: model_schema(model) for model in models}}


def schema_at(path: Sequence[Key], kind: str = "Scenario") -> Schema | None:
    """The schema of the value at a path of keys and indices, references resolved; None where nothing may stand.

    kind: the model of the file, such as `Scenario`, `TargetFile` or `ExperimentFile`.
    """
    here: Schema | None = _definitions()[kind]
    for key in path:
        here = None if here is None else part(here, key)
    return here


def keys_at(path: Sequence[Key], kind: str = "Scenario") -> list[str]:
    """The fields that a mapping at a path may have, in all ways of writing it."""
    here = schema_at(path, kind)
    return [] if here is None else [key for option in _options(here) for key in option.get("properties", {})]


def resolved(schema: Schema) -> Schema:
    """The schema with its reference replaced by what it refers to."""
    if "$ref" not in schema:
        return schema
    return {**_definitions()[schema["$ref"].rsplit("/", 1)[1]], **schema}


def part(schema: Schema, key: Key) -> Schema | None:
    """The schema of an entry of a mapping or list; a number in a path keeps the path's unit and meaning."""
    for option in _options(schema):
        entry = option.get("items") if isinstance(key, int) else _entry(option, key)
        if entry is not None:
            meaning: Schema = {name: schema[name] for name in ("unit", "description") if name in schema}
            return resolved({**meaning, **entry} if entry.get("type") == "number" else entry)
    return None


def _options(schema: Schema) -> Iterator[Schema]:
    """The alternatives of a schema, those within alternatives too, references resolved."""
    schema = resolved(schema)
    if "anyOf" not in schema:
        yield schema
    for option in schema.get("anyOf", ()):
        yield from _options(option)


def takes_any_key(schema: Schema) -> bool:
    """Whether the keys here are neither fields nor identifiers nor quarters: only the names of policy levers are so."""
    return isinstance(schema.get("additionalProperties"), dict) and "patternProperties" not in schema


def _entry(schema: Schema, key: str) -> Schema | None:
    if key in schema.get("properties", {}):
        return schema["properties"][key]  # type: ignore[no-any-return]
    for pattern, entry in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return entry  # type: ignore[no-any-return]
    free = schema.get("additionalProperties")
    return free if isinstance(free, dict) else None


def in_words(schema: Schema, words: Words = _AI_CHIPS) -> str:
    """What the schema allows, for people: `a number from 0 to 1 (share of ...)`.  words: of the scenario at hand."""
    types = " or ".join(dict.fromkeys(_type_in_words(option) for option in _options(schema)))
    meaning = f" ({words.text(schema['description'])})" if "description" in schema else ""
    return types + words.text(_unit_in_words(schema)) + meaning


def _unit_in_words(schema: Schema) -> str:
    """The unit of a figure, to be added to what it is; some have that of another figure."""
    unit = schema.get("unit", "1")
    if unit == "1":
        return ""
    return f", in the unit {unit}" if unit.startswith("of ") else f", in {unit}"


def _type_in_words(schema: Schema) -> str:
    if "const" in schema or "enum" in schema:
        return listing([str(choice) for choice in schema.get("enum", [schema.get("const")])])
    match schema.get("type"):
        case "number":
            return "a number" + _bounds_in_words(schema)
        case "integer":
            return "a whole number" + _bounds_in_words(schema)
        case "string" if schema.get("pattern") == QUARTERS:
            return "a quarter such as 2025Q1"
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
        case "object" if QUARTERS in schema.get("patternProperties", {}):
            numbers = schema["patternProperties"][QUARTERS].get("type") == "number"
            return f"{'such numbers' if numbers else 'a mapping'} by quarter like {{2025Q1: ..., 2026Q1: ...}}"
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
    full, partial = _editor_schema(Scenario), _editor_schema(Scenario, partial=True)
    extends = {**_TEXT, "description": "the scenario that this file changes: a name or the path of a file"}
    partial["PartialScenario"]["properties"]["extends"] = extends
    about = "A scenario of marketsim: who is in the market, what is scarce, who buys, what changes when."
    either = {
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/PartialScenario"},
        "else": {"$ref": "#/$defs/Scenario"},
    }
    return _document(about, either, full | partial)


def experiment_json_schema() -> Schema:
    """JSON schema for editors of experiment files, with sources and notes as in scenarios."""
    about = "An experiment of marketsim: which policies are compared, over what, and what is measured."
    return _document(about, {"$ref": "#/$defs/ExperimentFile"}, _editor_schema(ExperimentFile))


def policy_json_schema() -> Schema:
    """JSON schema for editors of policy files, with sources and notes as in scenarios."""
    about = "A policy of marketsim: levers over time, in one form or in a few variants."
    return _document(about, {"$ref": "#/$defs/PolicyFile"}, _editor_schema(PolicyFile))


def _document(about: str, content: Schema, definitions: Schema) -> Schema:
    """The schema of a file that is a mapping."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    head = {"$schema": dialect, "description": about, "type": "object"}
    return {**head, **content, "$defs": {**definitions, **_MARKS_DEFINED}}


def _editor_schema(model: type[Section], partial: bool = False) -> Schema:
    """The definitions of a model and its parts; partial: for files that extend another one."""
    whole = model_schema(model)
    models = {**whole["$defs"], model.__name__: {key: value for key, value in whole.items() if key != "$defs"}}
    return {("Partial" if partial else "") + name: _for_editor(part, partial) for name, part in models.items()}


def _for_editor(schema: Schema, partial: bool) -> Schema:
    """A schema whose figures may have sources, and where `partial` nothing is required.

    Alternatives are told apart by `if`, so that an editor says what is wrong with the one that is written.
    """
    about = {name: schema[name] for name in ("description", "default") if name in schema}
    if "description" in about:
        about["description"] += _unit_in_words(schema)
    if isinstance(about.get("default"), dict):
        about["default"] = about["default"].get(ALWAYS, about["default"])
    bare = _bare(schema, partial)
    if any("$ref" in option or "properties" in option for option in schema.get("anyOf", [schema])):
        return about | bare
    sourced = {"type": "object", "properties": {"value": bare, **_MARKS}, "required": ["value"]}
    has_value = {"type": "object", "required": ["value"]}
    return about | {"if": has_value, "then": {**sourced, "additionalProperties": False}, "else": bare}


def _bare(schema: Schema, partial: bool) -> Schema:
    """What a value may be, without what is told about it and without a source around it."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{'Partial' if partial else ''}{schema['$ref'].rsplit('/', 1)[1]}"}
    if "anyOf" in schema:
        options = [_bare(option, partial) for option in schema["anyOf"] if option.get("type") != "null"]
        shape = options[0]
        for option in options[1:]:
            shape = {"if": {"type": option.get("type", "object")}, "then": option, "else": shape}
        return shape if len(options) == len(schema["anyOf"]) else _or_null(shape)
    if schema.get("type") == "object":
        return _mapping(schema, partial)
    bare = {name: value for name, value in schema.items() if name not in ("title", "description", "default", "unit")}
    if schema.get("type") == "array":
        # A list replaces the list of the extended scenario, so its entries are whole.
        bare["items"] = _for_editor(schema["items"], False)
    return bare


def _mapping(schema: Schema, partial: bool) -> Schema:
    """A section, a mapping of named things or levers, or one by quarter; each may carry `source` and `note`."""
    fields = {key: _entry_for_editor(entry, partial) for key, entry in schema.get("properties", {}).items()}
    anything = schema.get("additionalProperties") is True
    result: Schema = {"type": "object", "properties": {**fields, **_MARKS}, "additionalProperties": anything}
    if not partial:
        result |= {name: schema[name] for name in ("required", "minProperties") if name in schema}
    for pattern, entry in schema.get("patternProperties", {}).items():
        is_path = pattern == QUARTERS and entry.get("type") == "number"  # a path is replaced as a whole
        named = f"(?!^(source|note)$){pattern}"
        result["patternProperties"] = {named: _entry_for_editor(entry, partial and not is_path)}
    if takes_any_key(schema):
        result["additionalProperties"] = _entry_for_editor(schema["additionalProperties"], partial)
    return result


def _entry_for_editor(schema: Schema, partial: bool) -> Schema:
    whole = _for_editor(schema, partial)
    return _or_null(whole) if partial else whole


def _or_null(schema: Schema) -> Schema:
    about = {name: schema[name] for name in schema if name == "description"}
    shape = {name: schema[name] for name in schema if name != "description"}
    return about | {"if": {"type": "null"}, "then": {}, "else": shape}
