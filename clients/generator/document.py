"""Reduces the OpenAPI document to what the clients need: document.py full.json reduced.json

- Only calls that an API key opens and that answer with JSON. The others need a person or a reverse proxy.
- Only successes. The clients raise every failure as an error, before generated code sees it.
- The envelope of a response has a name, so that calls with the same data have the same type.
- A parameter that is left out is not sent. The generators would send its default, and `page` may not stand beside `cursor`.
- Only the schemas that these calls use.
"""

import json
import sys

METHODS = ("get", "put", "post", "patch", "delete")
REFERENCE = "#/components/schemas/"
JSON = "application/json"


def is_for_keys(operation):
    names = [name for alternative in operation.get("security", []) for name in alternative]
    return "apiKey" in names


def successes(operation, envelopes):
    """Returns the responses of a call that have data, without their headers."""
    found = {}
    for status, response in operation["responses"].items():
        schema = response.get("content", {}).get(JSON, {}).get("schema")
        if status.startswith("2") and schema is not None:
            content = {JSON: {"schema": named(schema, envelopes)}}
            found[status] = {"description": response["description"], "content": content}
    return found


def without_default(parameter):
    schema = {name: value for name, value in parameter["schema"].items() if name != "default"}
    return {**parameter, "schema": schema}


def named(schema, envelopes):
    """Moves an envelope to the named schemas, if its data has a name. Returns what stands in its place."""
    data = schema.get("properties", {}).get("data", {}).get("$ref")
    if data is None:
        return schema
    name = data.removeprefix(REFERENCE) + "Envelope"
    if envelopes.setdefault(name, schema) != schema:
        sys.exit(f"two schemas with the name {name}")
    return {"$ref": REFERENCE + name}


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(REFERENCE)
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def reachable(roots, schemas):
    found, waiting = set(), list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(references(schemas[name]))
    return found


def reduced(document):
    envelopes, paths = {}, {}
    for path, item in document["paths"].items():
        operations = {}
        for method in METHODS:
            operation = item.get(method)
            if operation is None or not is_for_keys(operation):
                continue
            responses = successes(operation, envelopes)
            if responses:
                kept = {name: value for name, value in operation.items() if name != "security"}
                parameters = [without_default(parameter) for parameter in operation.get("parameters", [])]
                operations[method] = {**kept, "parameters": parameters, "responses": responses}
        if operations:
            paths[path] = operations
    schemas = document["components"]["schemas"]
    taken = set(envelopes) & set(schemas)
    if taken or not paths:
        sys.exit(f"no calls, or names that are taken: {sorted(taken)}")
    schemas = {**schemas, **envelopes}
    used = reachable([*references(paths), "Failure"], schemas)
    components = {"schemas": {name: schema for name, schema in schemas.items() if name in used}}
    return {"openapi": document["openapi"], "info": document["info"], "paths": paths, "components": components}


def main(source, target):
    with open(source, encoding="utf-8") as file:
        document = json.load(file)
    with open(target, "w", encoding="utf-8") as file:
        json.dump(reduced(document), file, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
