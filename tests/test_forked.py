"""A forked process is to its test what a new one is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked

TELL = """
import os, sys
print(sys.argv, os.getcwd(), sorted(os.environ), sys.stdin.read(), file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


def test_words_environment_folder_and_exit_code_are_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TELL, "3", "two words"]
    env = {"PATH": os.environ["PATH"], "OTHER": "1"}
    plain = subprocess.run(
        command, env=env, cwd=tmp_path, capture_output=True, text=True, input="", check=False
    )
    done = forked.run(command, env=env, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    known = {"LC_CTYPE"}  # which Python may set as it starts
    assert eval_environment(done.stderr) - known == eval_environment(plain.stderr) - known
    assert done.stderr.partition("[")[0] == plain.stderr.partition("[")[0]
    assert str(tmp_path) in done.stderr


def eval_environment(told: str) -> set[str]:
    return set(told.rpartition("[")[2].partition("]")[0].replace("'", "").split(", "))


@pytest.mark.parametrize("code", ["raise ValueError('no')", "import sys; sys.exit('no')"])
def test_a_failure_ends_as_everywhere(code: str) -> None:
    done = forked.run([sys.executable, "-c", code])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("no")


def test_a_module_is_run_and_what_it_imports_is_there_already() -> None:
    done = forked.run([sys.executable, "-m", "kn_assets.cli.parser", "--help"])
    assert done.returncode == 0
    assert "demo" in done.stdout
    code = "import sys; print('torch' in sys.modules)"
    assert forked.run([sys.executable, "-c", code]).stdout == "True\n"


def test_a_script_is_run_as_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("WORD = 'beside'")
    script = tmp_path / "script.py"
    script.write_text("import beside, sys; print(beside.WORD, __name__, sys.argv)")
    done = forked.run([sys.executable, str(script), "x"])
    assert done.stdout == f"beside __main__ {[str(script), 'x']}\n", done.stderr


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_signals_end_it(number: signal.Signals) -> None:
    code = "import time; print('here', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with forked.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "here\n"
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait() == -number


def test_files_are_passed_under_their_numbers() -> None:
    read, write = os.pipe()
    code = f"import os; os.write({write}, b'told')"
    with forked.Popen([sys.executable, "-c", code], pass_fds=[write]) as process:
        os.close(write)
        assert os.read(read, 10) == b"told"
    os.close(read)
    assert process.returncode == 0


def test_another_program_is_refused() -> None:
    with pytest.raises(ValueError, match="not of this Python"):
        forked.Popen(["/bin/true", "-m", "x"])
