"""Hooks of mkdocs: what docs/ needs to become a site, of which no page asks for anything from elsewhere.

mkdocs is not in the project's environment: `make docs` has one of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.docs.site.links import ROOT, led_inside, sources
from tests.docs.site.markup import bars_in_code, without_note
from tests.docs.site.navigation import written_out

MERMAID = "assets/mermaid.js"
_SCRIPT = (
    ROOT / ".tools/mermaid/node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"
)  # `make docs` puts it there
_DRAWN = re.compile(r'<p><img [^>]*src="(assets/flow\.svg)"[^>]*></p>')
_BODY_ENDS = "</body>"
_FROM_ELSEWHERE = re.compile(r"https://unpkg\.com/[^\"]*")


def on_config(config: Any) -> Any:  # noqa: ANN401 - mkdocs' own
    """Write out the folders of the navigation, and let diagrams be drawn."""
    from pymdownx import superfences  # type: ignore[import-not-found] # noqa: PLC0415

    config.nav = written_out(config.nav, Path(config.docs_dir))
    fence = {"name": "mermaid", "class": "mermaid", "format": superfences.fence_code_format}
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
    return config


def on_files(files: Any, config: Any) -> Any:  # noqa: ANN401
    """Add the script that draws diagrams, and a page for each source file that a page links to."""
    from mkdocs.structure.files import File, InclusionLevel  # type: ignore[import-not-found] # noqa: PLC0415

    files.append(File.generated(config, MERMAID, abs_src_path=str(_SCRIPT)))
    for path, text in sources(Path(config.docs_dir)).items():
        files.append(File.generated(config, path, content=text, inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:  # noqa: ANN401
    """Lead links that leave docs/ to pages of the site; give the front page the room of its navigation.

    A note before the title goes, for a page is called by its title only where that comes first.
    """
    if page.is_homepage:
        page.meta["hide"] = ["navigation"]
    return led_inside(page.file.src_uri, bars_in_code(without_note(markdown)))


def on_page_content(html: str, config: Any, **_: Any) -> str:  # noqa: ANN401
    """Put a picture that is drawn here into the page itself, so that it follows light and dark."""

    def drawn(found: re.Match[str]) -> str:
        return f'<div class="flow-frame">{Path(config.docs_dir, found[1]).read_text(encoding="utf-8")}</div>'

    return _DRAWN.sub(drawn, html)


def on_post_page(output: str, page: Any, **_: Any) -> str:  # noqa: ANN401
    """Bring the script along where there is a diagram: the theme would fetch it from elsewhere."""
    if 'class="mermaid"' not in output:
        return output
    up = "../" * page.url.count("/")
    return output.replace(_BODY_ENDS, f'<script src="{up}{MERMAID}"></script>{_BODY_ENDS}')


def on_post_build(config: Any) -> None:  # noqa: ANN401
    """Take addresses of others out of the theme's scripts: what they were for is here, or nobody needs it."""
    for script in Path(config.site_dir, "assets", "javascripts").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        script.write_text(_FROM_ELSEWHERE.sub("data:text/javascript,", text), encoding="utf-8")
