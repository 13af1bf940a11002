"""`.ci_support/`: one file per conda variant, as conda-smithy names and writes them. `rattler-build build -m FILE`
builds exactly that variant."""

from io import StringIO

from ruamel.yaml import YAML

from feedstock.build import render
from feedstock.variants import SMITHY_KEYS


def files(table, header: str) -> dict:
    return {
        f".ci_support/{variant.name}.yaml": f"# {header}\n{text(configuration(variant))}" for variant in table.conda
    }


def configuration(variant) -> dict:
    """The keys that the recipe uses for this variant, the zip keys among them, and conda-smithy's own."""
    config = variant.config({})
    used = set().union(*(output.rendered.variant for output in render(variant, {})))
    keys = sorted((used | set(SMITHY_KEYS)) & set(config.keys()))
    chosen = {key: list(config[key]) for key in keys}
    chosen["target_platform"] = [variant.platform]
    zipped = [[key for key in keys_of_zip if key in chosen] for keys_of_zip in config.zip_keys or []]
    zipped = [keys_of_zip for keys_of_zip in zipped if len(keys_of_zip) > 1]
    return dict(sorted(chosen.items())) | ({"zip_keys": zipped} if zipped else {})


def text(content: dict) -> str:
    yaml = YAML()
    yaml.default_flow_style = False
    stream = StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()
