"""Writes the calls that take an Idempotency-Key: idempotent.py reduced.json FILE

The generators know the header, but not that a client has to send it. The ending of FILE chooses the language.
"""

import json
import sys

MARK = "Made by cargo xtask clients; do not edit."


def calls(document):
    return [
        path
        for path, item in document["paths"].items()
        for parameter in item.get("post", {}).get("parameters", [])
        if parameter["in"] == "header" and parameter["name"] == "Idempotency-Key"
    ]


def python(paths):
    lines = "".join(f'    "{path}",\n' for path in paths)
    return f'"""{MARK}"""\n\n# The calls with POST that take an Idempotency-Key.\nIDEMPOTENT = (\n{lines})\n'


def typescript(paths):
    lines = "".join(f'  "{path}",\n' for path in paths)
    return f"// {MARK}\n\n/** The calls with POST that take an `Idempotency-Key`. */\nexport const IDEMPOTENT: readonly string[] = [\n{lines}];\n"


def main(source, target):
    with open(source, encoding="utf-8") as file:
        paths = calls(json.load(file))
    if not paths:
        sys.exit("no call takes an Idempotency-Key")
    with open(target, "w", encoding="utf-8") as file:
        file.write(python(paths) if target.endswith(".py") else typescript(paths))


if __name__ == "__main__":
    main(*sys.argv[1:])
