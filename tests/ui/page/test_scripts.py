"""The scripts as they are served do what the modules of static/ do."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from ui.app import TABS
from ui.page.scripts import SHARED, joined
from ui.page.widgets import MOUNT, NEURON_PAGE, STATIC, TESTING

MODULES = {
    "page/mount.js": 'import { count } from "./state.js";\nimport "./side.js";\n'
    "export const seen = () => count.n;\n",
    "page/state.js": "export const count = { n: 0 };\nexport class Named {}\n",
    "page/side.js": 'import { count } from "./state.js";\ncount.n += 1;\n',
    "first/first.js": 'import {\n  count as counted,\n} from "../page/state.js";\n'
    "const own = 2;\nexport const first = () => (counted.n += own);\n",
    "second/second.js": 'import { count } from "../page/state.js";\n'
    'import { twice } from "../both/both.js";\n'
    "export const second = () => (count.n += twice(3));\n",
    "third/third.js": 'import { twice } from "../both/both.js";\nconst own = 5;\n'
    "export const third = () => twice(own);\n",
    "both/both.js": "export const twice = n => 2 * n;\n",
}
ENTRIES = ("page/mount.js", "first/first.js", "second/second.js", "third/third.js")
ASK = """
const { seen } = await import("./page/mount.js");
const before = seen();
const { first } = await import("./first/first.js");
const { second } = await import("./second/second.js");
const { third } = await import("./third/third.js");
console.log(JSON.stringify([before, first(), second(), third(), seen()]));
"""


def save(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {**files, "package.json": '{"type": "module"}', "ask.js": ASK}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(folder: Path) -> list[int]:
    done = subprocess.run(
        ["node", str(folder / "ask.js")], capture_output=True, text=True, check=True
    )
    answer: list[int] = json.loads(done.stdout)
    return answer


def test_joined_modules_share_one_state_as_before(tmp_path: Path) -> None:
    static = save(tmp_path / "static", MODULES)
    files = joined(static, ENTRIES)
    assert set(files) == {*ENTRIES, SHARED}
    assert "// both/both.js" in files[SHARED]
    assert run(save(tmp_path / "served", files)) == run(static) == [1, 3, 9, 10, 9]


@pytest.mark.parametrize(
    "line", ["export default 3;", 'import all from "./state.js";', "export { count };"]
)
def test_a_form_it_cant_serve_is_named(tmp_path: Path, line: str) -> None:
    static = save(tmp_path, {**MODULES, "page/side.js": line + "\n"})
    with pytest.raises(ValueError, match=r"page/side\.js: can't serve"):
        joined(static, ENTRIES)


def test_a_circle_is_named(tmp_path: Path) -> None:
    circle = {**MODULES, "both/both.js": 'import { third } from "../third/third.js";\n'}
    with pytest.raises(ValueError, match="in a circle"):
        joined(save(tmp_path, circle), ENTRIES)


def test_each_module_of_the_page_is_served_once() -> None:
    served = joined(STATIC, (MOUNT, *(tab.script for tab in TABS), NEURON_PAGE, TESTING))
    modules = [m for text in served.values() for m in re.findall(r"^// (\S+\.js)$", text, re.M)]
    assert sorted(modules) == sorted(p.relative_to(STATIC).as_posix() for p in STATIC.rglob("*.js"))


def test_a_script_comes_whole_however_often_it_is_asked_for(url: str) -> None:
    with httpx.Client(base_url=url) as client:
        page = client.get("").text
        (script,) = set(re.findall(r"kn-page/\w+/page/mount\.js", page))
        answers = [client.get(script, headers={"Accept-Encoding": c}) for c in ("gzip", "identity")]
        answers += [client.get(script) for _ in range(3)]
        assert {a.status_code for a in answers} == {200}
        assert len({a.text for a in answers}) == 1
        assert all("immutable" in a.headers["cache-control"] for a in answers)
        assert client.get(script.replace("mount", "nothing")).status_code == 404
