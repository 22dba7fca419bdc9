"""The list of rooms is the contract's, in its order, and no room of the repository is missing."""

import re
import tomllib

from tests.docs.pages import ROOT, TEXTS

LISTED = re.findall(r"^\| (\d+) \| `([\w/.]+)` \|", TEXTS["docs/architecture.md"], re.M)


def test_layers_are_those_of_the_contract() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = [c for c in config["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    listed: dict[str, set[str]] = {}
    for layer, path in LISTED:
        name = path.rstrip("/").removesuffix(".py").replace("/", ".")
        listed.setdefault(layer, set()).add(name)
    layers = [set(re.split(r" [|:] ", layer)) for layer in contract["layers"]]
    assert list(listed.values()) == layers
    assert list(listed) == [str(i + 1) for i in range(len(layers))]


def test_every_room_is_listed() -> None:
    package = ROOT / "kn_assets"
    rooms = {f"kn_assets/{p.parent.name}/" for p in package.glob("*/__init__.py")}
    modules = {f"kn_assets/{p.name}" for p in package.glob("*.py")} - {"kn_assets/__init__.py"}
    assert {path for _, path in LISTED} == rooms | modules | {"ui/"}
