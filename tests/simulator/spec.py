"""openapi.yml as a judge: whether an answer is what its operation and status say, unknown keys included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parents[1] / "data/backpack/openapi.yml"
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?")
_ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,6})?")
_FORMATS = {"decimal": _DECIMAL, "naive-date-time": _NAIVE, "date-time": _ZONED, "naive-time": _TIME}
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}


@cache
def document() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = yaml.load(PATH.read_text(), Loader=loader)
    return loaded


@cache
def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Operation id to method, path and description."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def faults_of(operation_id: str, status: int, content_type: str, value: object) -> list[str]:
    """What is wrong with this answer; an empty list for nothing."""
    responses = operations()[operation_id][2]["responses"]
    response = responses.get(str(status))
    if response is None:
        return [f"status {status} is not documented; {sorted(responses)} are"]
    content = {kind.split(";")[0]: body for kind, body in (response.get("content") or {}).items()}
    if not content and status >= 400:
        return list(problems({"$ref": "#/components/schemas/ApiErrorResponse"}, value, "$"))
    if not content:
        return [] if value in (None, b"", "") else [f"status {status} has no body, but {value!r} came"]
    kind = content_type.split(";")[0]
    if kind not in content:
        return [f"{kind} came, {sorted(content)} documented"]
    return [] if kind == "text/plain" else list(problems(content[kind]["schema"], value, "$"))


def headers_of(operation_id: str) -> set[str]:
    """Names of the documented 200 headers, in lower case."""
    return {name.lower() for name in operations()[operation_id][2]["responses"]["200"].get("headers") or {}}


class _NoVariant(Exception):
    """A discriminator has a word that leads nowhere."""


def problems(schema: dict[str, Any], value: object, at: str) -> Iterator[str]:
    """Every way in which a value is not what a schema says."""
    try:
        schema = resolved(schema, value)
    except _NoVariant as bad:
        yield f"{at}: {bad}"
        return
    if "enum" in schema:
        if value not in schema["enum"]:
            yield f"{at}: {value!r} is not one of the words"
    elif schema.get("type") == "object":
        yield from _object(schema, value, at)
    elif schema.get("type") == "array":
        if not isinstance(value, list):
            yield f"{at}: no list"
            return
        for index, item in enumerate(value):
            yield from problems(schema["items"], item, f"{at}[{index}]")
    else:
        yield from _scalar(schema, value, at)


def _object(schema: dict[str, Any], value: object, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: no object but {value!r}"
        return
    known, required = schema.get("properties", {}), set(schema.get("required", ()))
    others = schema.get("additionalProperties")
    for name in required - value.keys():
        yield f"{at}.{name} is missing"
    for name, item in value.items():
        if name in known:
            if item is None and name not in required:
                continue
            yield from problems(known[name], item, f"{at}.{name}")
        elif isinstance(others, dict):
            yield from problems(others, item, f"{at}.{name}")
        else:
            yield f"{at}.{name} is not in the specification"


def _scalar(schema: dict[str, Any], value: object, at: str) -> Iterator[str]:
    kind, shape = schema.get("type"), schema.get("format")
    if kind == "string":
        pattern = _FORMATS.get(shape or "")
        if not isinstance(value, str):
            yield f"{at}: {value!r} is no text"
        elif pattern is not None and pattern.fullmatch(value) is None:
            yield f"{at}: {value!r} is no {shape}"
    elif kind == "integer":
        low, high = _RANGES[shape or "int64"]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield f"{at}: {value!r} is no {shape}"
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield f"{at}: {value!r} is no boolean"
    elif kind == "number" and (not isinstance(value, int | float) or isinstance(value, bool)):
        yield f"{at}: {value!r} is no number"


def resolved(schema: dict[str, Any], value: object) -> dict[str, Any]:
    """The plain schema that this value has to meet: references followed, variants chosen, `allOf` merged."""
    while "$ref" in schema or "discriminator" in schema:
        reference = schema["$ref"] if "$ref" in schema else _variant(schema["discriminator"], value)
        schema = document()["components"]["schemas"][reference.rsplit("/", 1)[1]]
    if "allOf" not in schema:
        return schema
    merged: dict[str, Any] = {}
    for part in schema["allOf"]:
        plain = resolved(part, value)
        properties = {**merged.get("properties", {}), **plain.get("properties", {})}
        required = [*merged.get("required", []), *plain.get("required", [])]
        merged |= {key: value for key, value in plain.items() if key not in ("properties", "required")}
        if properties:
            merged |= {"properties": properties, "required": required}
    return merged


def _variant(rule: dict[str, Any], value: object) -> str:
    word = value.get(rule["propertyName"]) if isinstance(value, dict) else None
    if word not in rule["mapping"]:
        raise _NoVariant(f"{rule['propertyName']} is {word!r}")
    reference: str = rule["mapping"][word]
    return reference
