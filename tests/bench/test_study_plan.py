"""The page's own order of screens, run outside a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from importlib.resources import files

import pytest

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs a JavaScript engine: node")

STUDY = {
    "repeats": 2,
    "questions": [{"name": "q1"}, {"name": "q2"}],
    "trials": [{"photo": f"t{k}", "options": ["a", "b", "c"]} for k in range(5)],
}


def plans(study, seeds):
    script = files("retouch.bench.study").joinpath("page", "plan.js").read_text(encoding="utf-8")
    script += f"\nconst out = {json.dumps(list(seeds))}.map((seed) => plan({json.dumps(study)}, seed));"
    done = subprocess.run(
        [NODE, "-e", script + "\nconsole.log(JSON.stringify(out));"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_every_question_is_a_block_of_all_images_and_then_the_first_of_them_again():
    for screens in plans(STUDY, range(20)):
        assert len(screens) == 14
        for block in (screens[:7], screens[7:]):
            assert len({screen["question"]["name"] for screen in block}) == 1
            shown = [screen["trial"]["photo"] for screen in block]
            assert sorted(shown[:5]) == ["t0", "t1", "t2", "t3", "t4"]
            assert sorted(shown[5:]) == sorted(shown[:2])
            assert [screen["repeat"] for screen in block] == [False] * 5 + [True] * 2
            for again in block[5:]:
                first = next(screen for screen in block if screen["trial"] == again["trial"])
                assert sorted(again["order"]) == sorted(first["order"]) == ["a", "b", "c"]
                assert again["order"] != first["order"]


def test_a_seed_gives_the_same_plan_and_another_seed_another():
    one, same, other = plans(STUDY, [7, 7, 8])
    assert one == same != other


def test_every_option_stands_at_every_place_equally_often():
    places, questions, opening = Counter(), Counter(), Counter()
    for screens in plans(STUDY, range(4_000)):
        questions[screens[0]["question"]["name"]] += 1
        opening[screens[0]["trial"]["photo"]] += 1
        for screen in screens:
            if not screen["repeat"]:
                places.update(enumerate(screen["order"]))
    # 40,000 screens: a place is expected 13,333 times with a standard deviation of 94; five of them are allowed.
    assert len(places) == 9
    assert all(abs(times - 40_000 / 3) < 470 for times in places.values())
    assert all(abs(times - 2_000) < 160 for times in questions.values())
    assert all(abs(times - 800) < 127 for times in opening.values())


def test_pairs_come_again_the_other_way_round():
    study = STUDY | {"trials": [{"photo": "t0", "options": ["a", "b"]}], "repeats": 1}
    for screens in plans(study, range(10)):
        assert screens[1]["order"] == screens[0]["order"][::-1]
