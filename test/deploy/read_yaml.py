"""Prints the documents of YAML files as JSON; refuses keys that occur twice, which YAML forbids and PyYAML lets pass."""

import json
import sys

import yaml


class Strict(yaml.SafeLoader):
    pass


def mapping(loader, node):
    seen = set()
    for key, _ in node.value:
        name = loader.construct_object(key, deep=True)
        if name in seen:
            raise yaml.constructor.ConstructorError(None, None, f"found the key {name!r} twice", key.start_mark)
        seen.add(name)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)

print(json.dumps({path: list(yaml.load_all(open(path, encoding="utf8"), Strict)) for path in sys.argv[1:]}))
