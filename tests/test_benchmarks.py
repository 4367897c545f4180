"""The scripts of benchmarks/ end with one line and exit code 2 where their input cannot be used."""

import runpy
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("scipy")

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
REFUSED = {
    "ablation": ("psm-table-1 --data gone --val gone --weights gone -o out", "data: there is no file or folder 'gone'"),
    "asuka": ("--device tpu", "--device: invalid choice"),
    "asuka_blank": ("--photos . --list gone.csv --mae m --base b --align a -o out", "gone.csv: No such file"),
    "asuka_study": ("--photos gone --mae m -o out", "data: there is no file or folder 'gone'"),
    "fill": ("--slow", "unrecognized arguments: --slow"),
    "holes": ("--quick", "unrecognized arguments: --quick"),
    "loader": ("--data gone", "data: there is no file or folder 'gone'"),
    "metrics": ("--slow", "unrecognized arguments: --slow"),
    "pixelhacker": ("--device tpu", "--device: invalid choice"),
    "pixelhacker_study": ("--model gone.json --photos . -o out", "model: gone.json does not exist"),
    "psm": ("--variants huge", "--variants: invalid choice"),
    "psm_study": ("--model gone.json --photos . -o out", "model: gone.json does not exist"),
    "psm_table_2": ("gone.json --photos .", "model: gone.json does not exist"),
    "readme": ("--results gone", "results: there is no file 'gone'"),
    "sheets": ("--slow", "unrecognized arguments: --slow"),
    "splat": ("--device tpu", "--device: invalid choice"),
}
WITHOUT_INPUT = {"measure", "pixelhacker_solvers"}


def test_every_script_is_here():
    scripts = {path.stem for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text()}
    assert scripts == {*REFUSED, *WITHOUT_INPUT}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_ends_in_one_line_and_exit_code_2(name, monkeypatch, tmp_path, capsys):
    words, saying = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *words.split()])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(BENCHMARKS / f"{name}.py"), run_name="__main__")
    said = capsys.readouterr()
    assert end.value.code == 2
    assert said.out == ""
    last = said.err.splitlines()[-1]
    assert last.startswith(f"{name}.py: ")
    assert saying in last
