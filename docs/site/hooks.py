"""Hooks of the site: pages from the top level, and a reference made of the code.

README, CONTRIBUTING, CHANGELOG and LICENSE are pages of the site too, and links between all pages are turned into the site's own,
so that one text serves a code host and the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from reference import command_line, http, python_api
from settings import settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = {  # file of the repository -> page of the site
    "README.md": "index.md",
    "README.zh.md": "zh/index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.md",
}
REFERENCE = {
    "reference/command_line.md": command_line,
    "reference/settings.md": settings,
    "reference/http.md": http,
    "reference/python.md": python_api,
}
CODE = {"src/fuserank/settings": "reference/settings.md"}  # on a code host the code itself, here the page made of it
DECISIONS = "decisions"
CDN_WORKER = "https://unpkg.com/iframe-worker/shim"
WORKER = "assets/worker.js"
LINK = re.compile(r"(?<=\]\()(?!https?://|#|mailto:)([^)\s#]+)(#[^)\s]*)?(?=\))")
FENCE = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the decisions, which are many, in the navigation."""
    pages = [f"{DECISIONS}/{path.name}" for path in _decisions()]
    config.nav.append({"Decisions": [f"{DECISIONS}/index.md", *pages]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not files of docs/."""
    made = {page: (ROOT / path).read_text(encoding="utf-8") for path, page in PAGES.items()}
    made["license.md"] = f"# Licence\n\n```text\n{made['license.md']}\n```\n"
    made |= {page: write() for page, write in REFERENCE.items()}
    titles = {path.name: path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") for path in _decisions()}
    made[f"{DECISIONS}/index.md"] = "# Decisions\n\n" + "".join(f"- [{title}]({name})\n" for name, title in titles.items())
    made[WORKER] = Path(__file__).with_name("worker.js").read_text(encoding="utf-8")
    for page, content in made.items():
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links at pages of the site; code is left as it is."""
    sources = {to: path for path, to in PAGES.items()}
    here = posixpath.dirname(sources.get(page.file.src_uri, f"docs/{page.file.src_uri}"))

    def turned(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, link[1]))
        if target not in CODE and (ROOT / target).is_dir():
            target += "/README.md" if (ROOT / target / "README.md").is_file() else "/index.md"
        to = (PAGES | CODE).get(target, target.removeprefix("docs/"))
        return posixpath.relpath(to, posixpath.dirname(page.file.src_uri) or ".") + (link[2] or "")

    return "".join(part if part.startswith("```") else LINK.sub(turned, part) for part in FENCE.split(markdown))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Put `worker.js` in the place of the theme's script for search from a disk, which would come from a CDN."""
    return output.replace(CDN_WORKER, get_relative_url(WORKER, page.url))


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """No page for what is not found: the site is read from a disk."""
    return "" if template_name == "404.html" else output


def _decisions() -> list[Path]:
    return sorted((ROOT / "docs" / DECISIONS).glob("*.md"))
