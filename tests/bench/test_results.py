from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from retouch.bench.kinds import KINDS, kind
from retouch.bench.results import Bucket, Figure, Measured, Missing, Outcome, Picture, Results


def make_results(**changes: object) -> Results:
    images = tuple(Measured(k=k, name=f"p{k}", hole=0.2, seconds=0.5, values={"psnr": 20.0 + k}) for k in range(3))
    figure = Figure(value=21.0, count=3, std=1.0, buckets=(Bucket(low=0.2, high=0.3, count=3, mean=21.0),))
    outcome = Outcome(
        model="smooth",
        holes="objects",
        figures={"psnr": figure},
        images=images,
        failed=(Missing(k=3, name="p3", reason="damaged"),),
        left_out={"fid": "too few images"},
    )
    whole = Results(
        protocol="val-256",
        dataset="folder",
        split="all",
        size=256,
        count=4,
        limit=None,
        seed=0,
        models=("smooth",),
        holes=("objects",),
        extractor=None,
        device="cpu",
        machine="2 cores",
        versions={"retouch": "0"},
        finished="2026-01-01T00:00:00Z",
        seconds=2.0,
        outcomes=(outcome,),
        pictures=(Picture(k=0, holes="objects", name="p0", photo="a.png", hole="b.png", filled={"smooth": "c.png"}),),
    )
    return whole.model_copy(update=changes)


def test_what_is_saved_is_read_again(tmp_path):
    written = make_results()
    assert written.save(tmp_path) == tmp_path / "results.json"
    assert Results.load(tmp_path) == written
    assert Results.load(tmp_path / "results.json") == written


def test_infinite_values_survive(tmp_path):
    figure = Figure(value=math.inf, count=1)
    outcome = make_results().outcome("smooth", "objects").model_copy(update={"figures": {"psnr": figure}})
    make_results(outcomes=(outcome,)).save(tmp_path)
    assert Results.load(tmp_path).outcomes[0].figures["psnr"].value == math.inf


def test_an_outcome_is_found_by_model_and_holes():
    assert make_results().outcome("smooth", "objects").model == "smooth"
    with pytest.raises(ValueError, match="outcome: none of model 'telea'"):
        make_results().outcome("telea", "objects")


def test_a_missing_or_wrong_document_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="results: there is no file"):
        Results.load(tmp_path)
    (tmp_path / "results.json").write_text('{"format": "other"}')
    with pytest.raises(ValueError, match=r"results\.json' is damaged .* at .*; accepted: what `bench run` wrote"):
        Results.load(tmp_path)
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(ValueError, match="damaged or something else"):
        Results.load(tmp_path)


def test_documents_are_frozen_and_closed():
    with pytest.raises(ValidationError):
        make_results().seed = 3  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Bucket(low=0, high=1, count=0, mean=None, other=1)  # type: ignore[call-arg]


def test_kinds_are_found_also_over_other_features():
    assert kind("lpips").better == "lower"
    assert kind("fd-vgg").better == "lower"
    assert kind("fd-vgg").title == "FD over vgg features"
    assert kind("u-ids-vgg").percent
    assert kind("p-ids-efficientnet-lite0").over == "set"
    with pytest.raises(ValueError, match="metric 'lpipz' is unknown"):
        kind("lpipz")
    assert len({each.name for each in KINDS}) == len(KINDS)
