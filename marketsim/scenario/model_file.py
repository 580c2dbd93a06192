"""Files of figures with their sources that belong to a scenario, such as targets: read and checked against a model."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from marketsim.errors import FileError, Problem, ScenarioError
from marketsim.scenario.fields import Section
from marketsim.scenario.problems import from_validation, in_file
from marketsim.scenario.provenance import attribute
from marketsim.scenario.source import Node, parse, plain, read_text

Model = TypeVar("Model", bound=Section)


def read_model(path: Path, model: type[Model], error: type[FileError], what: str) -> tuple[Model, Node, list[Problem]]:
    """The file as a model, its tree, and the problems that did not stop the reading.

    what: what such a file is, for the person who wrote another one.  Raises `error` with everything that is wrong.
    """
    try:
        document = parse(read_text(path, "YAML"), str(path))
    except ScenarioError as unreadable:
        raise error(unreadable.problems) from None
    if not isinstance(document.root.value, dict):
        raise error([Problem(document.root.origin, what, found=in_file(document.root))])
    tree = attribute(document.root, document.problems)
    try:
        return model.model_validate(plain(tree), strict=True), tree, document.problems
    except ValidationError as invalid:
        raise error(document.problems + from_validation(invalid, tree, model.__name__)) from None
