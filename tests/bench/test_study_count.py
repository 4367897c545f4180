from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations

import pytest

from retouch.bench.reported.read import reported
from retouch.bench.study import Key, as_json, as_markdown, count, read_answers
from retouch.bench.study.intervals import Interval, bootstrap, wilson
from retouch.bench.study.table import table
from tests.bench.study_samples import answer, answers, make_key, make_pairs_key

KEY, PAIRS = make_key(), make_pairs_key()


def save(folder, given, name="answers-1.json"):
    path = folder / name
    path.write_text(given.model_dump_json(), encoding="utf-8")
    return path


def test_shares_of_the_best_by_hand():
    given = [
        answers("p1", answer(KEY, 0, "a"), answer(KEY, 1, "a")),
        answers("p2", answer(KEY, 0, "a"), answer(KEY, 1, "b")),
    ]
    done = count(given, KEY)
    assert [(row.method, row.chosen, row.of, row.share) for row in done.rows] == [
        ("a", 3, 4, 0.75),
        ("b", 1, 4, 0.25),
        ("c", 0, 4, 0.0),
    ]
    assert done.rows[0].wilson == wilson(3, 4)
    assert done.rows[0].bootstrap == bootstrap([2, 1], [2, 2])
    assert (done.participants, done.images, done.unfinished, done.doubles) == (2, 2, 0, 0)
    assert done.consistency == ()
    assert {row.p for row in done.rows} == {None}


def test_questions_are_counted_apart():
    key = make_key(questions=("q1", "q2"))
    done = count([answers("p", answer(key, 0, "a"), answer(key, 0, "b", question="q2"))], key)
    chosen = {(row.question, row.method): row.chosen for row in done.rows}
    assert chosen == {("q1", "a"): 1, ("q1", "b"): 0, ("q1", "c"): 0, ("q2", "a"): 0, ("q2", "b"): 1, ("q2", "c"): 0}
    assert done.unfinished == 1


def test_pairs_by_hand():
    given = [
        answers("p1", *(answer(PAIRS, k, choice) for k, choice in enumerate(["a", "a", "b", "tie"]))),
        answers("p2", *(answer(PAIRS, k, "a") for k in range(4))),
    ]
    (row,) = count(given, PAIRS).rows
    assert (row.method, row.against, row.chosen, row.of, row.ties) == ("a", "b", 6, 7, 1)
    assert row.share == 6 / 7
    # Two-sided: 7 or 6 of 7 either way, (1 + 7) * 2 of 128.
    assert row.p == 16 / 128


def test_each_pair_of_three_methods_has_its_own_row():
    trials = tuple(
        trial.model_copy(update={"options": {f"{trial.photo}-{m}": m for m in pair}})
        for trial, pair in zip(KEY.trials, ("ab", "bc"), strict=True)
    )
    key = make_key(mode="pairs", trials=trials)
    done = count([answers("p", answer(key, 0, "b"), answer(key, 1, "b"))], key)
    assert [(row.method, row.against, row.chosen, row.of) for row in done.rows] == [
        ("a", "b", 0, 1),
        ("a", "c", 0, 0),
        ("b", "c", 1, 1),
    ]
    empty = done.rows[1]
    assert (empty.share, empty.wilson, empty.bootstrap, empty.p) == (None, None, None, None)
    assert "| a / c" in as_markdown(done)


def test_repeats_count_for_consistency_only():
    given = answers(
        "p",
        answer(KEY, 0, "a"),
        answer(KEY, 1, "b"),
        answer(KEY, 0, "a", repeat=True),
        answer(KEY, 1, "c", repeat=True),
    )
    done = count([given], KEY)
    assert sum(row.chosen for row in done.rows) == 2
    (steady,) = done.consistency
    assert (steady.question, steady.same, steady.of) == ("q1", 1, 2)
    assert "shown again in another order, the same method was chosen 1 of 2 (50.0 %)" in as_markdown(done)


def test_a_participants_last_answer_counts_whatever_the_order_of_files():
    early = answers("p", answer(KEY, 0, "a"), answer(KEY, 1, "a"), finished="2026-01-01T10:00:00Z")
    late = answers("p", answer(KEY, 0, "b"), finished="2026-01-01T11:00:00Z")
    other = answers("q", answer(KEY, 0, "c"), answer(KEY, 1, "c"))
    for order in permutations([early, late, other]):
        done = count(order, KEY)
        assert [row.chosen for row in done.rows] == [1, 1, 2]
        assert (done.doubles, done.participants) == (1, 2)
    assert "1 answers were given twice by the same participant; the last one counts" in as_markdown(done)


def test_no_answers_are_refused():
    with pytest.raises(ValueError, match="answers: hold no answer"):
        count([answers("p")], KEY)


def test_answers_are_read_from_files_and_folders(tmp_path):
    first, second = answers("p", answer(KEY, 0, "a")), answers("q", answer(KEY, 1, "b"))
    path = save(tmp_path, first)
    save(tmp_path, second, "answers-2.json")
    (tmp_path / "key.json").write_text(KEY.model_dump_json(), encoding="utf-8")
    assert read_answers([path], KEY) == (first,)
    assert read_answers([tmp_path], Key.load(tmp_path / "key.json")) == (first, second)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"question": "q9"}, "question 'q9' is unknown; accepted: q1"),
        ({"trial": "t9"}, "image 't9' is unknown"),
        ({"choice": "t1-a"}, "choice 't1-a' is unknown"),
        ({"choice": "tie"}, "choice 'tie' is unknown"),
        ({"order": ("t0-a", "t0-b")}, "order 't0-a, t0-b' is not one of the image's options"),
        ({"order": ("t0-a", "t0-b", "t0-c", "t0-c")}, "is not one of the image's options"),
    ],
)
def test_unknown_codes_are_refused_by_file_and_number(tmp_path, change, words):
    wrong = answer(KEY, 0, "a").model_copy(update=change)
    path = save(tmp_path, answers("p", answer(KEY, 1, "b"), wrong))
    with pytest.raises(ValueError, match=rf"answers-1\.json', answer 1: .*{words}"):
        read_answers([path], KEY)


def test_answers_of_another_study_are_refused(tmp_path):
    path = save(tmp_path, answers("p", answer(KEY, 0, "a"), study="s2"))
    with pytest.raises(ValueError, match="is of study 's2'; accepted: of 's1'"):
        read_answers([path], KEY)


@pytest.mark.parametrize("content", [b"", b'{"format": "retouch-st', b"[]", b"\xff\xfe", b'{"format": "other"}'])
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "answers-1.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"answers: .*answers-1\.json' is damaged or something else"):
        read_answers([path], KEY)
    with pytest.raises(ValueError, match=r"key: .*answers-1\.json' is damaged or something else"):
        Key.load(path)


def test_negative_and_endless_times_are_refused(tmp_path):
    for seconds in ("-1", "Infinity"):
        path = tmp_path / "answers-1.json"
        text = answers("p", answer(KEY, 0, "a")).model_dump_json().replace('"seconds":1.5', f'"seconds":{seconds}')
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"answers\.0\.seconds"):
            read_answers([path], KEY)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"answers: there is no file .*answers-9\.json"):
        read_answers([tmp_path / "answers-9.json"], KEY)
    with pytest.raises(FileNotFoundError, match=r"holds no \*\.json"):
        read_answers([tmp_path], KEY)
    with pytest.raises(FileNotFoundError, match=r"key: there is no file .*key\.json"):
        Key.load(tmp_path / "key.json")


def asked_as_the_paper():
    key = make_key(questions=("context-stability", "visual-consistency"))
    given = [answer(key, 0, "a", question=question) for question in key.questions]
    return count([answers("p", *given), answers("q", *given)], key)


def test_the_papers_figures_stand_beside_ours():
    text, document = as_markdown(asked_as_the_paper()), json.loads(as_json(asked_as_the_paper()))
    assert "### Reported by the ASUKA paper, Table 2c" in text
    (line,) = [line for line in text.splitlines() if line.startswith("| ASUKA ")]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == ["ASUKA", "39.43", "40.05"]
    rows = reported("asuka", table="Table 2c")
    assert [row["value"] for row in document["reported"]] == [row.value for row in rows]


def test_json_holds_everything_and_strict_numbers():
    document = json.loads(as_json(asked_as_the_paper()))
    row = document["rows"][0]
    assert (row["question"], row["method"], row["chosen"], row["of"]) == ("context-stability", "a", 2, 2)
    assert row["wilson"] == {"low": wilson(2, 2).low, "high": 1.0}
    assert (document["participants"], document["study"]) == (2, "s1")


def test_markdown_of_pairs_by_hand():
    given = answers("p", *(answer(PAIRS, k, "a") for k in range(3)), answer(PAIRS, 3, "tie"))
    done = count([given], PAIRS)
    done = replace(done, rows=tuple(replace(row, wilson=Interval(0.4385, 1.0)) for row in done.rows))
    text = as_markdown(done)
    (line,) = [line for line in text.splitlines() if line.startswith("| a / b")]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        "a / b",
        "3 : 0",
        "1",
        "100.0",
        "43.9–100.0",
        "–",
        "0.25",
    ]
    assert "One participant: nothing can be said about what other people would choose." in text
    assert "Reported" not in text


def test_a_name_with_a_bar_does_not_end_its_cell():
    assert table(["m"], [["a|b"]]).splitlines()[-1] == "| a\\|b |"
