"""Numbers of the papers: how many there are, a sample of each table as printed, and asking for them."""

import hashlib

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
    ("pixelhacker", "Table 8", "celebahq", "512, large", "PixelHacker (guidance 2.0)", "lpips"): 0.118,
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

# Rows typed from the papers a second time: (paper, table, data set, setting, metrics, model) -> as printed.
MAT_METRICS = "fid p-ids u-ids"
ROWS = {
    ("psm", "Table 1", "places365-val", "256, ablation", "fid", "PSM (B, 1 iteration)"): "2.95",
    ("psm", "Table 2", "places365-val", "256, ablation", "fid", "PSM (A, 7 test iterations)"): "2.09",
    ("psm", "Table 2", "places365-val", "256, ablation", "fid", "PSM (B, 5 test iterations)"): "2.20",
    ("psm", "Table 3", "places365-val", "512, small", MAT_METRICS, "SD"): "1.32 12.69 34.78",
    ("psm", "Table 3", "places365-val", "512, large", MAT_METRICS, "AOT-GAN"): "10.64 3.07 19.92",
    ("psm", "Table 3", "celebahq", "512, small", MAT_METRICS, "LaMa"): "4.05 9.72 21.57",
    ("psm", "Table 3", "celebahq", "512, large", MAT_METRICS, "DeepFill v2"): "24.42 0.17 0.42",
    ("psm", "Table 3", "", "", "parameters", "CoModGAN"): "109",
    ("psm", "Table 4", "places365-val", "256, ablation", "fid", "PSM (cubic mask schedule)"): "2.54",
    ("psm", "Table B.1", "places365-val", "1024, large", MAT_METRICS, "MAT"): "5.83 9.51 28.02",
    ("psm", "Table C.2", "places365-val", "512, large", "lpips", "EdgeConnect"): "0.275",
    ("psm", "Table C.2", "celebahq", "512, large", "lpips", "MADF"): "0.130",
    ("psm", "Table D.3", "celebahq", "256, small", MAT_METRICS, "MADF"): "10.43 6.25 14.62",
    ("psm", "Table D.3", "celebahq", "256, large", MAT_METRICS, "ICT"): "10.92 0.90 5.23",
    ("psm", "Table E.4", "places365-val-10k", "256", MAT_METRICS, "PSM"): "3.47 18.32 34.52",
    ("psm", "Table F.5", "places365-val", "512, large", "fid precision recall", "LDM"): "2.76 0.962 0.975",
    ("pixelhacker", "Table 1", "places365-test", "512, 40-50 %", "fid lpips", "SD (scenery)"): "18.93 0.2312",
    ("pixelhacker", "Table 1", "places365-test", "512, 40-50 %", "fid lpips", "PixelHacker"): "8.59 0.2026",
    ("pixelhacker", "Table 2", "places365-val", "512, large", "fid lpips p-ids u-ids", "MADF"): "7.53 0.181 6.00 23.78",
    (
        "pixelhacker",
        "Table 2",
        "places365-val",
        "512, small",
        "fid lpips p-ids u-ids",
        "HiFill",
    ): "7.94 0.148 3.98 23.60",
    ("pixelhacker", "Table 3", "places365-val-high", "256", "fid lpips", "SH-GAN"): "7.40 0.392",
    ("pixelhacker", "Table 3", "places365-val-high", "512", "fid lpips", "LDM"): "8.46 0.342",
    ("pixelhacker", "Table 4", "celebahq", "512, large", "fid lpips", "PixelHacker"): "4.75 0.115",
    ("pixelhacker", "Table 5", "ffhq", "256", "fid lpips", "SDXL"): "12.36 0.278",
    ("pixelhacker", "Table 6", "places365-val-3k", "ablation", "fid lpips", "PixelHacker (object and scene masks)"): (
        "12.69 0.1758"
    ),
    ("pixelhacker", "Table 7", "custom-10k", "ablation", "fid lpips", "PixelHacker (embedding of 64)"): "0.735 0.257",
    ("pixelhacker", "Table 8", "celebahq", "512, large", "fid lpips", "PixelHacker (guidance 4.0)"): "8.73 0.123",
    ("asuka", "Table 1", "misato", "512", "lpips fid u-ids p-ids", "MAE-FAR"): "0.142 13.283 0.282 0.153",
    ("asuka", "Table 1", "places365-val", "512", "lpips fid u-ids p-ids", "SD-text"): "0.191 1.506 0.373 0.202",
    (
        "asuka",
        "Table 2a",
        "misato",
        "512",
        "lpips fid u-ids p-ids",
        "ASUKA (fine-tuned MAE)",
    ): "0.150 11.460 0.368 0.256",
    (
        "asuka",
        "Table 2b",
        "misato",
        "512",
        "lpips fid u-ids p-ids",
        "ASUKA (linear alignment)",
    ): "0.155 11.934 0.361 0.227",
    ("asuka", "Table 2c", "40 images", "user study", "context-stability visual-consistency", "SD"): "10.58 5.75",
    ("asuka", "Table 2d", "misato", "512", "lpips fid u-ids p-ids", "ASUKA (conditioned decoder)"): (
        "0.151 11.634 0.361 0.231"
    ),
    ("2dgs", "Table 1", "celebahq-2k", "256, large", "fid lpips", "Pluralistic"): "17.09 0.201",
    ("2dgs", "Table 1", "celebahq-2k", "256, regular", "fid lpips", "MAT"): "7.15 0.068",
    ("2dgs", "Table 1", "places365-val", "256, large", "fid lpips", "RePaint"): "20.62 0.117",
    ("2dgs", "Table 2", "imagenet-100", "256, small", "fid lpips", "2DGS (CNN decoder)"): "8.46 0.081",
    ("2dgs", "Table 2", "imagenet-100", "256, large", "fid lpips", "2DGS (196 Gaussians)"): "7.16 0.084",
    ("2dgs", "Table 4", "", "", "time", "MAT"): "65.75",
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


@pytest.mark.parametrize("key", ROWS, ids=lambda key: " ".join(key[:1] + key[1:2] + key[5:]))
def test_rows_are_as_printed(key):
    paper, table, *where, metrics, model = key
    rows = {r.metric: r.value for r in reported(paper, table=table, model=model) if [r.dataset, r.setting] == where}
    assert [rows[metric] for metric in metrics.split()] == [float(text) for text in ROWS[key].split()]


def test_every_cell_is_as_it_was_read_out_of_the_papers_text():
    """The fingerprint is of the 723 cells of the papers' tables as a script read them out of the papers' text.

    Whoever must change it looks at the paper again: a wrong number here stands beside every result.
    """
    rows = [r for r in reported() if r.paper != "mat" and r.table.startswith("Table")]
    cells = sorted("|".join((r.paper, r.table, r.dataset, r.setting, r.model, r.metric, repr(r.value))) for r in rows)
    assert len(cells) == 723
    digest = hashlib.sha256("\n".join(cells).encode()).hexdigest()
    assert digest == "d11947d1f36bfed79447bed391b5a4e05b1f9623759a81e5707be5f2e666f590"


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


def as_dictionary(paper, table, metric, dataset=None):
    """{(model, setting): value} of one table."""
    return {(r.model, r.setting): r.plain for r in reported(paper, table=table, metric=metric, dataset=dataset)}


@pytest.mark.parametrize(
    ("one", "other", "metric", "dataset"),
    [
        (("psm", "Table 3"), ("pixelhacker", "Table 4"), "fid", "celebahq"),
        (("psm", "Table C.2"), ("pixelhacker", "Table 4"), "lpips", "celebahq"),
        (("psm", "Table C.2"), ("pixelhacker", "Table 2"), "lpips", "places365-val"),
        (("psm", "Table 3"), ("psm", "Table F.5"), "fid", "places365-val"),
        (("psm", "Table 3"), ("psm", "Table F.5"), "parameters", ""),
        (("psm", "Table 3"), ("psm", "Table C.2"), "parameters", ""),
        (("asuka", "Table 1"), ("asuka", "Table 2b"), "fid", "misato"),
        (("asuka", "Table 1"), ("asuka", "Table 2d"), "p-ids", "misato"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_tables_agree_on_what_both_print(one, other, metric, dataset):
    a, b = (as_dictionary(*table, metric, dataset or None) for table in (one, other))
    assert a.keys() & b.keys()
    assert {key: a[key] for key in a.keys() & b.keys()} == {key: b[key] for key in a.keys() & b.keys()}


def test_the_papers_sentences_about_their_tables_hold():
    ablation = {model: value for (model, _), value in as_dictionary("psm", "Table 1", "fid").items()}
    full = ablation["PSM (A, full, 3 iterations)"]
    rises = [round(ablation[f"PSM ({name})"] - full, 2) for name in ("B, 1 iteration", "C, 2 iterations")]
    assert rises == [0.59, 0.19]
    assert round(ablation["PSM (G, attention at 16 only)"] - full, 2) == 0.28
    assert full == as_dictionary("psm", "Table 4", "fid")["PSM (linear mask schedule)", "256, ablation"]
    large = as_dictionary("psm", "Table B.1", "fid")
    assert round(large["MAT", "1024, large"] - large["PSM", "1024, large"], 1) == 1.9
    times = {model: value for (model, _), value in as_dictionary("psm", "Section E", "time").items()}
    assert times["RePaint"] == 1000 * times["PSM"]
    guidance = as_dictionary("pixelhacker", "Table 8", "fid")
    assert min(guidance, key=guidance.get)[0] == "PixelHacker (guidance 2.0)"


def test_larger_holes_give_worse_numbers():
    values = {(r.paper, r.table, r.dataset, r.setting, r.model, r.metric): r.value for r in reported()}
    compared = 0
    for key, small in values.items():
        size, _, holes = key[3].partition(", ")
        if holes != "small":
            continue
        large = values[(*key[:3], f"{size}, large", *key[4:])]
        assert large >= small if key[5] in ("fid", "lpips") else large < small, key
        compared += 1
    assert compared > 100


def test_p_ids_are_below_u_ids():
    values = {(r.paper, r.table, r.dataset, r.setting, r.model, r.metric): r.value for r in reported()}
    pairs = [(value, values[(*key[:5], "u-ids")]) for key, value in values.items() if key[5] == "p-ids"]
    assert len(pairs) > 90
    assert all(p < u for p, u in pairs)


def test_shares_of_the_user_study_are_of_four_thousand_answers():
    for row in reported("asuka", table="Table 2c"):
        answers = row.value * 40  # 100 forms of 40 images, per cent
        assert abs(answers - round(answers)) <= 0.21, row


def test_no_size_is_noted_about_what_depends_on_none():
    for row in reported():
        if row.metric == "parameters":
            assert (row.dataset, row.setting) == ("", "")
            assert "holes" not in row.note


def test_units_of_the_metrics():
    units = {"parameters": {"M"}, "time": {"ms"}, "psnr": {"dB"}, "p-ids": {"%", ""}, "u-ids": {"%", ""}}
    units |= {"context-stability": {"%"}, "visual-consistency": {"%"}}
    for row in reported():
        assert row.unit in units.get(row.metric, {""}), row
        if row.metric in ("p-ids", "u-ids"):
            assert row.unit == ("" if row.paper == "asuka" else "%"), row


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
