"""Model folders of which one file is not as it must be: one error that names the folder, whatever is wrong."""

import io
import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import load_file, save_file

from fuserank.encoders.hub_folder import locate
from fuserank.encoders.hub_image import HubImage
from fuserank.encoders.hub_joint import HubJoint
from fuserank.encoders.hub_text import HubText
from fuserank.errors import MediaError, SettingsError
from tests import hub_models

CAPS = (2**20, 10**6)
DEEP = "[" * 100_000
BERT, VIT, CLIP = "bert", "vit", "clip"


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """Models as they must be, by name."""
    folder = tmp_path_factory.mktemp("hub")
    models = {name: getattr(hub_models, name)(folder / name) for name in (BERT, VIT, CLIP)}
    (models[BERT] / "1_Pooling").mkdir()
    (models[BERT] / "1_Pooling" / "config.json").write_text('{"pooling_mode": "mean"}')
    (models[BERT] / "sentence_bert_config.json").write_text('{"max_seq_length": 12}')
    (models[BERT] / "config_sentence_transformers.json").write_text('{"prompts": {"query": "red "}}')
    (models[BERT] / "modules.json").write_text('[{"type": "sentence_transformers.models.Transformer"}]')
    return models


@pytest.fixture
def copied(whole, tmp_path):
    """Gives a copy of a model that may be altered."""
    return lambda name: shutil.copytree(whole[name], tmp_path / name)


def picture():
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def use(path):
    """Everything that a chain does with an encoder: identity, and vectors of texts or a picture."""
    folder = locate(str(path))
    if path.name == BERT:
        encoder = HubText(folder)
        items = [encoder.prepare(encoder.prompts.query + "red mug"), encoder.prepare(encoder.prompts.product + "杯子")]
    else:
        encoder = (HubJoint if path.name == CLIP else HubImage)(folder, *CAPS)
        items = [encoder.prepare(picture()), *([encoder.prepare("red mug")] if path.name == CLIP else [])]
    vectors = encoder.encode(items)
    assert vectors.shape == (len(items), encoder.info.dim) and np.isfinite(vectors).all()


def alter(path, file, change):
    target = path / file
    target.write_text(json.dumps(json.loads(target.read_text()) | change))


@pytest.mark.parametrize("name", [BERT, VIT, CLIP])
def test_the_models_themselves_can_be_used(whole, name):
    use(whole[name])


@pytest.mark.parametrize("content", ["[]", "5", "null", '"x"', DEEP, "{", ""])
@pytest.mark.parametrize(
    "file",
    ["config.json", "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling/config.json", "tokenizer.json"],
)
def test_a_file_that_holds_no_object(copied, file, content):
    path = copied(BERT)
    (path / file).write_text(content)
    with pytest.raises(SettingsError, match="bert"):
        use(path)


@pytest.mark.parametrize("content", ["{}", DEEP, "[5]", '["x"]', '[{"type": 5}]', '[{"name": "x"}]'])
def test_modules_that_are_none(copied, content):
    path = copied(BERT)
    (path / "modules.json").write_text(content)
    with pytest.raises(SettingsError, match="bert"):
        use(path)


@pytest.mark.parametrize(
    ("model", "file", "change"),
    [
        (BERT, "1_Pooling/config.json", {"pooling_mode": 5}),
        (BERT, "1_Pooling/config.json", {"pooling_mode": {"a": 1}}),
        (BERT, "1_Pooling/config.json", {"pooling_mode": [["mean"]]}),
        (BERT, "config_sentence_transformers.json", {"prompts": [1]}),
        (BERT, "config_sentence_transformers.json", {"prompts": {"query": 5}}),
        (BERT, "config_sentence_transformers.json", {"default_prompt_name": ["x"]}),
        (BERT, "sentence_bert_config.json", {"max_seq_length": "many"}),
        (BERT, "sentence_bert_config.json", {"max_seq_length": -3}),
        (BERT, "sentence_bert_config.json", {"max_seq_length": [1]}),
        (BERT, "tokenizer_config.json", {"model_max_length": "x"}),
        (BERT, "config.json", {"hidden_size": -32}),
        (BERT, "config.json", {"hidden_size": 2**40}),
        (BERT, "config.json", {"num_labels": 10**9}),
        (BERT, "config.json", {"max_position_embeddings": -5}),
        (BERT, "config.json", {"layer_norm_eps": "NaN"}),
        (CLIP, "config.json", {"projection_dim": None}),
        (VIT, "preprocessor_config.json", {"size": {"height": -4, "width": 32}}),
        (VIT, "preprocessor_config.json", {"size": {"height": 10**6, "width": 10**6}}),
        (VIT, "preprocessor_config.json", {"size": "large"}),
        (VIT, "preprocessor_config.json", {"image_mean": [0.5]}),
        (VIT, "preprocessor_config.json", {"image_std": [0, 0, 0]}),
        (VIT, "preprocessor_config.json", {"resample": 99}),
        (VIT, "preprocessor_config.json", {"rescale_factor": "x"}),
    ],
)
def test_a_value_that_is_none(copied, model, file, change):
    path = copied(model)
    alter(path, file, change)
    with pytest.raises(SettingsError, match=path.name):
        use(path)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_weights_that_are_no_numbers(copied, wrong):
    path = copied(BERT)
    weights = load_file(path / "model.safetensors")
    save_file({name: np.full_like(value, wrong) for name, value in weights.items()}, path / "model.safetensors", {"format": "pt"})
    with pytest.raises(SettingsError, match="bert cannot be used: its vectors are not finite"):
        use(path)


@pytest.mark.parametrize(
    "index", [{}, {"weight_map": 5}, {"weight_map": {"w": 5}}, {"weight_map": {"w": "x" * 300}}, {"weight_map": {}}]
)
def test_an_index_that_names_no_files(copied, index):
    path = copied(BERT)
    (path / "model.safetensors").unlink()
    (path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(SettingsError, match=r"index\.json"):
        use(path)


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        (b"---\nlicense: apache-2.0\ntags: [x]\n---\n# A\n", "apache-2.0"),
        (b'---\r\nlicense: "mit"\r\n---\r\n', "mit"),
        (b"---\nlicense: [mit, other]\n---\n", "unknown"),
        (b"# A model\nlicense: mit\n", "unknown"),
        (b"---\n\xff\xfe: {\nlicense: mit\n---\n", "mit"),
        (b"---\na: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"b%d: [*a,*a,*a,*a]\n" % i for i in range(99)) + b"---\n", "unknown"),
        (b"---\n" + b"x" * 10**6, "unknown"),
    ],
)
def test_the_licence_of_any_card(copied, card, licence):
    path = copied(BERT)
    (path / "README.md").write_bytes(card)
    assert locate(str(path)).licence == licence


@pytest.mark.parametrize(
    "name", ["a--b", "-a", "a" * 300, "a/" + "b" * 300, "~nope/x", "a\0b", "a//b", "a/b@" + "c" * 300, "..", ""]
)
def test_a_name_that_is_no_model(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="encoder") as refused:
        locate(name)
    assert len(str(refused.value)) < 500


VALUES = st.none() | st.booleans() | st.integers(-(2**40), 2**20) | st.floats() | st.text(max_size=5) | st.lists(st.integers(0, 3))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_anywhere_gives_vectors_or_one_error(whole, tmp_path_factory, data):
    name, files = data.draw(
        st.sampled_from(
            [
                (BERT, ["config.json", "tokenizer_config.json", "sentence_bert_config.json", "1_Pooling/config.json"]),
                (VIT, ["config.json", "preprocessor_config.json"]),
                (CLIP, ["config.json", "preprocessor_config.json", "tokenizer_config.json"]),
            ]
        )
    )
    file = data.draw(st.sampled_from(files))
    path = shutil.copytree(whole[name], tmp_path_factory.mktemp("altered") / name)
    keys = sorted(json.loads((path / file).read_text()))
    key = data.draw(st.sampled_from([key for key in keys if key != "model_type"]))
    alter(path, file, {key: data.draw(VALUES)})
    try:
        use(path)
    except (SettingsError, MediaError) as error:
        assert "\n" not in str(error)
