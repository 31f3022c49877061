"""The site of the documentation is built strictly, names everything that the code has, and works from a disk without a network."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from fuserank.cli import app
from fuserank.serving.http.routes import ROUTES
from fuserank.settings import Settings
from tests.e2e.conftest import FLAGS
from tests.unit.test_docs import settings_rows

ROOT = Path(__file__).parents[2]
REMOTE = re.compile(
    r"""<(?:script|img|iframe|source)[^>]+src=["']?(?:https?:)?//|<link(?![^>]+rel="canonical")[^>]+href=["']?https?://"""
)


@pytest.fixture(scope="module")
def documentation(tmp_path_factory):
    """The folder of the site; a link or an anchor that leads nowhere ends the build; --quiet would let it pass."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(
        command, check=False, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr[-3000:]
    return folder


def test_no_page_asks_another_host(documentation):
    pages = list(documentation.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        assert not REMOTE.search(page.read_text(encoding="utf-8")), page
    for style in documentation.rglob("*.css"):
        assert not re.search(r"url\(['\"]?https?:", style.read_text(encoding="utf-8")), style


def test_the_reference_names_every_command_and_address(documentation):
    def commands(group, names):
        for name, command in group.commands.items():
            yield from commands(command, [*names, name]) if hasattr(command, "commands") else [" ".join([*names, name])]

    page = (documentation / "reference/command_line.html").read_text(encoding="utf-8")
    headings = re.findall(r'<h2 id="[^"]*">(.*?)<a', page)
    assert headings == list(commands(get_command(app), ["fuserank"]))
    page = (documentation / "reference/http.html").read_text(encoding="utf-8")
    for route in ROUTES:
        assert f">{route.method} {route.path}<" in page
    assert "<code>query.text</code>" in page and "<code>results[].probability</code>" in page
    page = (documentation / "reference/python.html").read_text(encoding="utf-8")
    assert "fuserank.client.Client" in page and "fuserank.data.dataset.Dataset" in page


def test_the_reference_names_every_setting(documentation):
    page = (documentation / "reference/settings.html").read_text(encoding="utf-8")
    for key, variable, default in settings_rows(Settings):
        names = f"<code>{key.strip('`')}</code><br><code>{variable.strip('`')}</code>"
        shown = f"<td><code>{html.escape(default.strip('`'), quote=False)}</code></td>"
        assert re.search(rf"{re.escape(names)}</td>\s*{re.escape(shown)}\s*<td>\S", page), key


@pytest.mark.parametrize("words", ["counterfactual", "教程"])
def test_search_works_from_a_disk_in_both_languages(documentation, chromium, words):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page, asked, wrong = browser.new_page(viewport={"width": 1280, "height": 800}), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto((documentation / "index.html").as_uri())
        page.keyboard.press("f")
        page.locator(".md-search__input").fill(words)
        page.locator(".md-search__input").press("Shift")
        page.locator(".md-search-result__item").first.wait_for()
        found = page.locator(".md-search-result__item").first.inner_text().replace("\u200b", "")  # parts Chinese words
        assert words in found.lower()
        browser.close()
    assert wrong == [] and all(address.startswith(("file:", "data:", "about:")) for address in asked)
