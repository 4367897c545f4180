"""The settings of a run: from a file, from words, and what is refused."""

import json
from pathlib import Path

import pytest

from retouch.train.catalogue import TRAINABLE, Trainable, find_trainable
from retouch.train.reading import keys_of, parse_value, read_settings
from retouch.train.settings import RunSettings

UNET = find_trainable("unet")
NEEDED = {"train.out": "out", "train.steps": 10, "data.photos": "album"}

TOML = """
variant = "small"

[method]
rate = 0.5

[train]
out = "runs/a"
steps = 7
schedule = { kind = "cosine", warm_up = 2 }

[data]
photos = ["one", "two"]
holes = "box:0.5,mat-256-large"

[data.curriculum]
every = 1
"""


def read(*words, given=NEEDED, file=None):
    return read_settings(UNET, file, words, given)


def test_a_variant_is_the_base_that_the_file_the_words_and_the_options_change_in_this_order(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text(TOML)
    settings = read("method.width=8", "train.steps=8", "train.schedule.warm_up=3", given={"train.steps": 9}, file=file)
    small = UNET.configs()["small"]
    assert settings.method == small.model_copy(update={"rate": 0.5, "width": 8})
    assert settings.train.steps == 9
    assert (settings.train.schedule.kind, settings.train.schedule.warm_up) == ("cosine", 3)
    assert settings.data.photos == (Path("one"), Path("two"))
    assert settings.data.samples.holes == "box:0.5,mat-256-large"
    assert settings.data.samples.curriculum.every == 1


def test_without_a_variant_the_first_one_is_taken():
    assert read().variant == "tiny"
    assert read().method == UNET.configs()["tiny"]


def test_one_source_may_be_given_without_a_list():
    assert read().data.photos == (Path("album"),)


@pytest.mark.parametrize(
    ("word", "place", "value"),
    [
        ("train.batch=3", "train.batch", 3),
        ("train.clip=1e-3", "train.clip", 1e-3),
        ("train.clip=null", "train.clip", None),
        ("train.compile=true", "train.compile", True),
        ("train.out=2024", "train.out", Path("2024")),
        ("data.scale=[0.2, 0.5]", "data.scale", (0.2, 0.5)),
        ('train.every={"log": 3}', "train.every.log", 3),
        ("method.dilations=[1]", "method.dilations", (1,)),
        ("validation.photos=held", "validation.photos", (Path("held"),)),
        ("validation.photos=[]", "validation.photos", ()),
        ("data.holes=a=b", "data.holes", "a=b"),
    ],
)
def test_words_take_the_type_of_their_setting(word, place, value):
    given = {key: each for key, each in NEEDED.items() if key != place}
    found = read(word, given=given)
    for name in place.split("."):
        found = getattr(found, name)
    assert found == value
    assert type(found) is type(value)


def test_the_effective_settings_are_read_back(tmp_path):
    settings = read("variant=small", "train.clip=0.5", "method.width=8", "data.list_file=rows.csv")
    (tmp_path / "config.json").write_text(settings.model_dump_json())
    assert read(given={}, file=tmp_path / "config.json") == settings


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("train.bacth=3", "train.bacth: is no setting; did you mean 'train.batch'?; accepted here: out, steps, batch,"),
        ("steps=3", "did you mean 'train.steps'?"),
        ("method.widht=3", "did you mean 'method.width'?; accepted here: width, dilations,"),
        ("train.ema.halflife=3", "did you mean 'train.ema.half_life'?"),
        ("data.curriculum.evry=3", "did you mean 'data.curriculum.every'?; accepted here: every, low, high, step"),
        ("zzz.b=3", "zzz: is no setting; accepted here: name, variant, method, train,"),
        ("train.batch=many", "train.batch: Input should be a valid integer"),
        ("train.batch=0", "train.batch: Input should be greater than or equal to 1; given: '0'"),
        ("train.schedule.kind=cosin", "train.schedule.kind: Input should be 'constant', 'cosine'"),
        ("data.scale=[0.9,0.1]", "data: scale: is (0.9, 0.1); accepted: the smaller number first"),
        ("data.photos=[]", "data.photos: Tuple should have at least 1 item"),
        ("train.out.x=3", "train.out.x: train.out is 'out', no table"),
        ("train=3", "train: Input should be a valid dictionary"),
        ("method=3", "method: Input should be a valid dictionary"),
        ("variant=smal", "variant: is 'smal'; did you mean 'small'?; accepted: tiny, small"),
        ("name=gan", "name: the settings are for 'gan'; accepted: 'unet'"),
        ("train.batch", "--set: is 'train.batch'; accepted: key=value, such as train.batch=8"),
        ("=3", "--set: is '=3'; accepted: key=value"),
        ("data.scale=[0.9,", "--set: '[0.9,' is no JSON"),
    ],
)
def test_a_bad_word_is_refused_in_one_line(word, message):
    with pytest.raises(ValueError, match=r"accepted|should|table|JSON") as caught:
        read_settings(UNET, None, [*(f"{key}={value}" for key, value in NEEDED.items()), word])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_that_is_missing_is_named_with_its_option():
    with pytest.raises(ValueError, match=r"train.out, train.steps, data.photos: needed; .*--out DIR.*--data DIR"):
        read(given={})


def test_an_unknown_key_is_named_before_a_missing_one():
    with pytest.raises(ValueError, match=r"did you mean 'train.out'"):
        read("train.outt=x", given={})


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "a = ", "cannot be read"),
        ("a.json", "{", "cannot be read"),
        ("a.json", "[1]", "the file is no table"),
        ("a.json", b"\xff", "cannot be read"),
        ("a.yaml", "a: 1", "'a.yaml'; accepted: a name that ends in .toml or .json"),
        ("a.toml", "[train]\nbacth = 3", "did you mean 'train.batch'"),
    ],
)
def test_bad_files_are_refused(tmp_path, name, text, message):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=r"config|setting") as caught:
        read(file=file)
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing.toml does not exist; accepted: a .toml or .json file"):
        read(file=tmp_path / "nothing.toml")


def test_values_of_words():
    assert parse_value("null") is None
    assert parse_value('"null"') == "null"
    assert parse_value("1") == "1"
    assert parse_value('{"a": [1]}') == {"a": [1]}


def test_keys_go_into_the_inner_models_optional_ones_too():
    keys = set(keys_of(RunSettings[type(UNET.configs()["tiny"])]))
    assert {"name", "train.ema.half_life", "data.curriculum.every", "validation.count", "method.width"} <= keys


@pytest.mark.parametrize("method", TRAINABLE, ids=lambda method: method.name)
def test_every_method_of_the_list_can_be_set_up(method):
    for variant in method.configs():
        settings = read_settings(method, None, [f"variant={variant}"], NEEDED)
        assert json.loads(settings.model_dump_json())["variant"] == variant
    assert method.summary


def test_an_unknown_method_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"method 'unett' cannot be trained; did you mean 'unet'\?; accepted: unet"):
        find_trainable("unett")


def test_a_missing_extra_is_named():
    method = Trainable("x", "", UNET.variants, UNET.build, imports=("no_such_module",), extra="diffusion")
    with pytest.raises(
        ImportError, match=r"training 'x' needs the extra 'diffusion': pip install 'retouch\[diffusion\]'"
    ):
        method.recipe(UNET.configs()["tiny"], "tiny", None)


GAUSSIAN = find_trainable("gaussian")
SMALLEST = {"train.out": "out", "data.photos": "album"}


def test_a_variant_brings_its_papers_run():
    settings = read_settings(GAUSSIAN, None, ["variant=paper-celebahq"], SMALLEST)
    assert (settings.train.steps, settings.train.batch, settings.train.clip) == (60_000, 64, 1.0)
    assert (settings.data.size, settings.data.holes, settings.data.curriculum.every) == (256, "2dgs-train", 20)
    places = read_settings(GAUSSIAN, None, ["variant=paper-places2"], SMALLEST)
    assert (places.train.steps, places.data.curriculum.every) == (200_000, 1)
    code = read_settings(GAUSSIAN, None, ["variant=code"], SMALLEST)
    assert code.train.schedule.drops == (350 * 438, 380 * 438)
    psm = read_settings(find_trainable("psm"), None, ["variant=paper-512"], SMALLEST)
    assert (psm.train.steps, psm.train.batch, psm.data.size, psm.data.holes) == (625_000, 32, 512, "mat-512-large")


def test_what_the_user_sets_wins_over_a_variants_run():
    words = ["variant=paper-celebahq", "train.steps=5", "train.clip=null", "train.schedule.warm_up=2"]
    settings = read_settings(GAUSSIAN, None, [*words, "method.run.size=128", "method.run.batch=8"], SMALLEST)
    assert (settings.train.steps, settings.train.clip, settings.train.schedule.warm_up) == (5, None, 2)
    assert (settings.data.size, settings.train.batch) == (128, 8)  # a changed run is the new default


def test_other_holes_drop_the_curriculum_of_the_default_holes():
    settings = read_settings(GAUSSIAN, None, ["variant=paper-celebahq", "data.holes=mat-256-large"], SMALLEST)
    assert settings.data.curriculum is None
    own = read_settings(
        GAUSSIAN, None, ["variant=paper-celebahq", "data.holes=2dgs-train", 'data.curriculum={"every": 3}'], SMALLEST
    )
    assert own.data.curriculum.every == 3


def test_a_wrong_setting_of_the_method_is_named_though_it_gives_no_defaults():
    with pytest.raises(ValueError, match=r"method\.run\.size: .*given: 'wide'"):
        read_settings(GAUSSIAN, None, ["method.run.size=wide"], SMALLEST)
    with pytest.raises(ValueError, match=r"^train: "):
        read_settings(GAUSSIAN, None, ["train=5"], {"data.photos": "album"})
