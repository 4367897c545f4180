"""Numbers of the papers: how many there are, a sample of each table as printed, and asking for them."""

import pytest

from retouch.bench.reported import SOURCES, reported

# How many numbers each table holds, counted by hand from its rows and columns (empty cells left out).
COUNTS = {
    ("psm", "Table 1"): 7,
    ("psm", "Table 2"): 2 * 7,
    ("psm", "Table 3"): 8 * 12 + 3 * 6 + 6 + 13,
    ("psm", "Table 4"): 4,
    ("psm", "Table B.1"): 3 * 3,
    ("psm", "Table C.2"): 8 * 4 + 4 * 2 + 13,
    ("psm", "Table D.3"): 8 * 6,
    ("psm", "Table E.4"): 2 * 6,
    ("psm", "Table F.5"): 3 * 4,
    ("psm", "Section 4.4"): 2,
    ("psm", "Section E"): 2,
    ("pixelhacker", "Table 1"): 11 * 2,
    ("pixelhacker", "Table 2"): 10 * 8,
    ("pixelhacker", "Table 3"): 10 * 4,
    ("pixelhacker", "Table 4"): 9 * 2,
    ("pixelhacker", "Table 5"): 6 * 2,
    ("pixelhacker", "Table 6"): 3 * 2,
    ("pixelhacker", "Table 7"): 4 * 2,
    ("pixelhacker", "Table 8"): 7 * 2,
    ("asuka", "Table 1"): 9 * 8,
    ("asuka", "Table 2a"): 2 * 4,
    ("asuka", "Table 2b"): 4 * 4,
    ("asuka", "Table 2c"): 9 * 2,
    ("asuka", "Table 2d"): 4 * 4,
    ("asuka", "README"): 2 * 8,
    ("2dgs", "Table 1"): 6 * 10 + 4,
    ("2dgs", "Table 2"): 8 * 4,
    ("2dgs", "Table 4"): 5,
    ("mat", "README"): 6,
}

# (paper, table, data set, setting, model, metric) -> as printed; last columns and rows, where shifts would show.
PRINTED = {
    ("psm", "Table 1", "places365-val", "256, ablation", "PSM (G, attention at 16 only)", "fid"): 2.64,
    ("psm", "Table 2", "places365-val", "256, ablation", "PSM (B, 10 test iterations)", "fid"): 2.11,
    ("psm", "Table 3", "places365-val", "512, small", "PSM", "fid"): 0.72,
    ("psm", "Table 3", "places365-val", "512, large", "LDM", "u-ids"): 33.02,
    ("psm", "Table 3", "celebahq", "512, small", "ICT", "p-ids"): 2.24,
    ("psm", "Table 3", "celebahq", "512, large", "EdgeConnect", "u-ids"): 0.22,
    ("psm", "Table 4", "places365-val", "256, ablation", "PSM (square root mask schedule)", "fid"): 2.47,
    ("psm", "Table B.1", "places365-val", "1024, large", "LaMa", "u-ids"): 23.24,
    ("psm", "Table C.2", "places365-val", "512, large", "HiFill", "lpips"): 0.284,
    ("psm", "Table C.2", "celebahq", "512, small", "ICT", "lpips"): 0.105,
    ("psm", "Table D.3", "celebahq", "256, large", "EdgeConnect", "u-ids"): 2.31,
    ("psm", "Table E.4", "places365-val-10k", "256", "RePaint", "fid"): 6.15,
    ("psm", "Table E.4", "celebahq", "256", "RePaint", "u-ids"): 1.47,
    ("psm", "Table F.5", "places365-val", "512, large", "MAT", "recall"): 0.939,
    ("pixelhacker", "Table 1", "places365-test", "512, 40-50 %", "SmartBrush (scenery)", "fid"): 87.21,
    ("pixelhacker", "Table 1", "places365-test", "512, 40-50 %", "PixelHacker (zero-shot)", "lpips"): 0.2100,
    ("pixelhacker", "Table 2", "places365-val", "512, small", "PixelHacker (zero-shot)", "u-ids"): 40.87,
    ("pixelhacker", "Table 2", "places365-val", "512, large", "HiFill", "p-ids"): 1.24,
    ("pixelhacker", "Table 3", "places365-val-high", "256", "HiFill", "fid"): 81.27,
    ("pixelhacker", "Table 3", "places365-val-high", "512", "ZITS", "lpips"): 0.310,
    ("pixelhacker", "Table 4", "celebahq", "512, large", "DeepFill v2", "lpips"): 0.221,
    ("pixelhacker", "Table 5", "ffhq", "256", "PowerPaint", "lpips"): 0.409,
    ("pixelhacker", "Table 7", "custom-10k", "ablation", "PixelHacker (embedding of 256)", "fid"): 0.754,
    ("pixelhacker", "Table 8", "celebahq", "512, ablation", "PixelHacker (guidance 2.0)", "lpips"): 0.118,
    ("asuka", "Table 1", "misato", "512", "SD-Repaint", "u-ids"): 0.016,
    ("asuka", "Table 1", "places365-val", "512", "ASUKA", "p-ids"): 0.287,
    ("asuka", "Table 2a", "misato", "512", "ASUKA (pre-trained MAE)", "p-ids"): 0.258,
    ("asuka", "Table 2b", "misato", "512", "ASUKA (cross x4 alignment)", "p-ids"): 0.238,
    ("asuka", "Table 2c", "40 images", "user study", "SD-prompt", "visual-consistency"): 15.78,
    ("asuka", "Table 2d", "misato", "512", "ASUKA (VAE decoder)", "u-ids"): 0.343,
    ("asuka", "README", "misato", "512", "ASUKA-FLUX", "clip"): 0.943,
    ("2dgs", "Table 1", "celebahq-2k", "256, regular", "Latent-Code", "lpips"): 0.125,
    ("2dgs", "Table 1", "places365-val", "256, small", "ZITS++", "fid"): 3.87,
    ("2dgs", "Table 1", "places365-val", "256, large", "2DGS", "lpips"): 0.094,
    ("2dgs", "Table 2", "imagenet-100", "256, large", "2DGS (concatenation for AdaLN)", "fid"): 8.40,
    ("mat", "README", "places365-val", "512, large", "MAT (8 M images)", "u-ids"): 38.34,
}


@pytest.mark.parametrize(("paper", "table"), COUNTS)
def test_every_cell_of_the_tables_is_there(paper, table):
    assert len(reported(paper, table=table)) == COUNTS[paper, table]


def test_there_is_no_other_table():
    assert {(row.paper, row.table) for row in reported()} == set(COUNTS)


@pytest.mark.parametrize("key", PRINTED, ids=lambda key: " ".join(key[:1] + key[1:2] + key[4:]))
def test_numbers_are_as_printed(key):
    paper, table, dataset, setting, model, metric = key
    rows = reported(paper, table=table, dataset=dataset, setting=setting, model=model, metric=metric)
    assert [row.value for row in rows] == [PRINTED[key]]


def test_no_number_is_given_twice():
    keys = [(r.paper, r.table, r.dataset, r.setting, r.model, r.metric, r.note) for r in reported()]
    assert len(keys) == len(set(keys))


def test_papers_agree_where_one_took_its_numbers_from_the_other():
    metrics = ("fid", "p-ids", "u-ids")
    for model in ("MAT", "CoModGAN", "LaMa", "MADF", "AOT-GAN", "HiFill", "DeepFill v2", "EdgeConnect"):
        for setting in ("512, small", "512, large"):
            for metric in metrics:
                asked = {"model": model, "setting": setting, "metric": metric, "dataset": "places365-val"}
                a, b = reported("psm", table="Table 3", **asked), reported("pixelhacker", table="Table 2", **asked)
                assert [row.plain for row in a] == [row.plain for row in b]
                assert len(a) == 1


def test_the_distinguishing_scores_are_at_most_a_half_as_shares():
    shares = [row.plain for row in reported() if row.metric in ("p-ids", "u-ids")]
    assert len(shares) > 100
    assert all(0 <= share <= 0.5 for share in shares)


def test_user_study_adds_up():
    for metric in ("context-stability", "visual-consistency"):
        total = sum(row.value for row in reported("asuka", table="Table 2c", metric=metric))
        assert total == pytest.approx(100, abs=0.15)


def test_one_question_over_all_papers():
    rows = reported(model="RePaint")
    assert {row.paper for row in rows} == {"psm", "2dgs"}


def test_unknown_paper():
    with pytest.raises(ValueError, match="paper 'asuca' is unknown; did you mean 'asuka'"):
        reported("asuca")


@pytest.mark.parametrize(
    ("name", "value"),
    [("table", "Table 33"), ("dataset", "place"), ("setting", "512 large"), ("model", "Mat"), ("metric", "FID")],
)
def test_a_word_that_occurs_nowhere(name, value):
    with pytest.raises(ValueError, match=f"{name} '{value}' is reported nowhere"):
        reported(**{name: value})


def test_sources_are_the_papers_and_the_page_of_mat():
    assert SOURCES == ("psm", "pixelhacker", "asuka", "2dgs", "mat")
