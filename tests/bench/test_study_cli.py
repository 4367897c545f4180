from __future__ import annotations

import json

import pytest

from retouch.bench.study import Key
from retouch.cli import main
from tests.bench.study_samples import METHODS, answers, write_folders
from tests.bench.test_results import make_results


def study(root, *options):
    folders = [str(folder) for folder in write_folders(root)]
    places = ("--photos", str(root / "photos"), "--masks", str(root / "masks"))
    return main(["bench", "study", "make", *folders, "-o", str(root / "out"), *places, *options])


def first_choices(key):
    """One participant who always chooses the first code."""
    given = [
        {
            "question": question,
            "trial": trial.photo,
            "repeat": False,
            "order": tuple(trial.options),
            "choice": next(iter(trial.options)),
            "seconds": 1.0,
        }
        for question in key.questions
        for trial in key.trials
    ]
    return answers("p", study=key.study).model_dump() | {"answers": given}


def test_a_study_is_made_and_counted(tmp_path, capsys):
    assert study(tmp_path, "-n", "3", "--seed", "5") == 0
    told = capsys.readouterr()
    assert told.out == ""
    # Three images cannot show four again: all three are.
    assert "3 images, 12 choices for each person" in told.err
    assert "key.json says which picture is whose" in told.err
    key = Key.load(tmp_path / "out" / "key.json")
    assert (key.methods, key.seed, len(key.trials)) == (METHODS, 5, 3)
    (tmp_path / "out" / "answers-1.json").write_text(json.dumps(first_choices(key)), encoding="utf-8")
    assert main(["bench", "study", "count", str(tmp_path / "out" / "answers-1.json")]) == 0
    assert "### visual-consistency" in capsys.readouterr().out
    assert main(["bench", "study", "count", str(tmp_path / "out"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert sum(row["chosen"] for row in document["rows"]) == 6


def test_pairs_with_ties_from_the_command_line(tmp_path):
    assert study(tmp_path, "-n", "3", "--pairs", "--tie", "--repeats", "0") == 0
    key = Key.load(tmp_path / "out" / "key.json")
    assert (key.mode, key.tie, key.questions) == ("pairs", True, ("better",))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["make", "a", "b"], "-o OUT is needed"),
        (["make", "a", "b", "-o", "out"], "--photos, --masks: not given"),
        (["make", "-o", "out", "--photos", "p", "--masks", "m"], "FOLDERS: not given"),
        (["make", "a", "-o", "out", "--from", "run"], "--from: stands beside FOLDERS, --photos or --masks"),
        (["make", "-o", "out", "--from", "run"], "there is no file"),
        (["make", "a", "b", "-o", "out", "--tie"], 'tie: stands with mode "best"'),
        (["count", "answers-1.json"], "--key: is not given and there is no 'key.json'"),
        (["count", "answers-1.json", "--key", "k.json"], "key: there is no file 'k.json'"),
    ],
)
def test_wrong_words_are_one_line(tmp_path, monkeypatch, capsys, words, error):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "study", *words]) == 2
    told = capsys.readouterr().err
    assert error in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_benchmark_runs_folder_without_pictures_is_told(tmp_path, capsys):
    make_results(models=METHODS, pictures=()).save(tmp_path)
    assert main(["bench", "study", "make", "--from", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "names no picture that all models filled" in capsys.readouterr().err
