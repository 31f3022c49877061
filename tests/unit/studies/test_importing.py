"""A set is imported once, and again when anything that it was made from changed."""

import pytest

from fuserank.pipeline import importing
from fuserank.pipeline.importing import import_once
from fuserank.pipeline.studies.bench import Shop, imported
from fuserank.plugins import PluginTable
from fuserank.settings import load_settings


@pytest.fixture
def imports(monkeypatch):
    """Options of each import that was done, by an importer that writes next to nothing."""
    done = []

    def write(source, target, **options):
        done.append(options)
        target.mkdir(parents=True, exist_ok=True)
        (target / "dataset.json").write_text("{}")

    monkeypatch.setattr(importing, "IMPORTERS", PluginTable("importer", {"shop": write}))
    return done


@pytest.fixture
def source(tmp_path):
    (tmp_path / "sets/shop").mkdir(parents=True)
    (tmp_path / "sets/shop/products.csv").write_text("id\n1\n")
    return tmp_path / "sets"


def test_the_same_is_imported_once(imports, source, tmp_path):
    for _ in range(2):
        import_once("shop", source, tmp_path / "data", {"regime": "full"})
    assert imports == [{"regime": "full"}]


def test_other_options_files_or_a_lost_dataset_are_imported_again(imports, source, tmp_path):
    target = tmp_path / "data"
    import_once("shop", source, target, {})
    import_once("shop", source, target, {"regime": "full"})
    (source / "shop/products.csv").write_text("id\n1\n2\n")
    import_once("shop", source, target, {"regime": "full"})
    (target / "dataset.json").unlink()
    import_once("shop", source, target, {"regime": "full"})
    assert len(imports) == 4


def test_an_import_that_fails_is_not_noted(source, tmp_path, monkeypatch, imports):
    def broken(source, target, **options):
        raise OSError("disk full")

    monkeypatch.setattr(importing, "IMPORTERS", PluginTable("importer", {"shop": broken}))
    with pytest.raises(OSError, match="disk full"):
        import_once("shop", source, tmp_path / "data", {})
    assert not list(tmp_path.glob("data*"))


def test_a_workspace_gives_each_shop_its_folder_and_modalities(tmp_path):
    settings = load_settings(home=tmp_path / "home")
    shop = Shop("sample", "small", (("products", 40), ("queries", 8)), ("text", "image"))
    job = imported(tmp_path, settings).job(shop)
    assert job.data == tmp_path / "home/results/sample-small-0"
    assert len(job.dataset.products) == 40
    assert [modality.name for modality in job.modalities] == ["text", "image"]
    assert imported(tmp_path, settings).job(Shop("sample", "small", shop.options)).settings == settings
