"""The built pages: whole, linked, readable without a network, by keyboard and by screen reader."""

import html
import itertools
import json
import re
import shutil
import urllib.parse
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import build_site
import pytest
from conftest import HELPERS, LESSONS

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass(eq=False)
class Element:
    name: str
    attributes: dict[str, str]
    inside: list["Element"]  # from the outermost to the parent
    text: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def is_in(self, name: str) -> bool:
        return any(outer.name == name for outer in self.inside)


class Page(HTMLParser):
    """All elements of a page, in order, each with the text in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, list(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if any(element.name == tag for element in self.open):
            while self.open.pop().name != tag:
                pass

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text.append(data)

    def all(self, *names: str) -> list[Element]:
        return [element for element in self.elements if element.name in names]

    @property
    def ids(self) -> set[str]:
        return {e.attributes["id"] for e in self.elements if "id" in e.attributes}

    @property
    def text(self) -> str:
        return self.elements[0].words


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built pages") / "site"  # a space in its name
    build_site.build(folder)
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {str(path.relative_to(site)): Page(path) for path in sorted(site.rglob("*.html"))}


def article(page: Page, *names: str) -> list[Element]:
    return [element for element in page.all(*names) if element.is_in("article")]


def written(pages: dict[str, Page]) -> dict[str, Page]:
    """The pages that somebody wrote: not the index, the search and the highlighted sources."""
    made = ("genindex", "search", "_modules")
    return {name: page for name, page in pages.items() if not name.startswith(made)}


def test_every_page_is_there(pages) -> None:
    wanted = {"index", "explorer", "guide", "claims", "questions", "glossary", "studies", "search"}
    wanted |= {f"lessons/{path.stem}" for path in LESSONS} | {"lessons/index", "reference/index"}
    wanted |= {f"reference/{path.stem}" for path in HELPERS}
    missing = {name for name in wanted if f"{name}.html" not in pages}
    assert not missing


def test_every_link_leads_somewhere(site, pages) -> None:
    dead = []
    for name, page in pages.items():
        for link in page.all("a"):
            target = link.attributes.get("href")
            if target is None or re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = urllib.parse.unquote(target).partition("#")
            file = (site / name).parent / path if path else site / name
            found = file.resolve()
            if not found.is_file():
                dead.append((name, target))
            elif anchor and found.suffix == ".html":
                there = pages[str(found.relative_to(site.resolve()))]
                if anchor not in there.ids and "explorer" not in found.name:
                    dead.append((name, target))
    assert not dead


def test_nothing_is_loaded_from_elsewhere(site, pages) -> None:
    loaded = [
        (name, element.name, element.attributes.get("src") or element.attributes.get("href"))
        for name, page in pages.items()
        for element in page.all("script", "img", "link", "iframe", "source", "video", "audio")
    ]
    assert len(loaded) > 500
    assert not [one for one in loaded if re.match(r"(https?:)?//", one[2] or "")]
    missing = [
        (name, address)
        for name, _, address in loaded
        if address
        and not address.startswith(("data:", "#"))
        and not ((site / name).parent / urllib.parse.unquote(address.split("?")[0])).exists()
    ]
    assert not missing
    for style in site.rglob("*.css"):
        text = style.read_text("utf-8")
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", text), style.name


def test_links_lead_to_pages_not_to_notebooks_and_files(pages) -> None:
    wrong = [
        (name, link.attributes["href"])
        for name, page in pages.items()
        for link in page.all("a")
        if re.search(r"\.(ipynb|py|md|rst)(#|$)", link.attributes.get("href", ""))
        and "download" not in link.classes
        and not link.attributes["href"].startswith("https://")
    ]
    assert not wrong


def test_one_first_heading_and_no_level_left_out(pages) -> None:
    for name, page in pages.items():
        levels = [int(heading.name[1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
        inside = [int(h.name[1]) for h in article(page, "h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels.count(1) == 1, name
        for above, below in itertools.pairwise(inside):
            assert below <= above + 1, f"{name}: a heading of level {below} below one of {above}"


def test_every_picture_says_what_it_shows(pages) -> None:
    pictures = [(name, image) for name, page in pages.items() for image in page.all("img")]
    assert len(pictures) > 10 * len(LESSONS)
    for name, image in pictures:
        words = image.attributes.get("alt", "")
        assert len(words) > 20 and ".png" not in words, f"{name}: {image.attributes}"


def test_every_control_has_a_name(pages) -> None:
    for name, page in pages.items():
        labelled = {label.attributes.get("for") for label in page.all("label")}
        for control in page.all("input", "select", "textarea", "button"):
            named = (
                control.attributes.get("aria-label")
                or control.attributes.get("title")
                or control.words
                or control.attributes.get("id") in labelled
                or control.is_in("label")
            )
            assert named or control.attributes.get("type") == "hidden", (name, control.attributes)


def test_pages_say_their_language_and_fit_a_telephone(pages) -> None:
    for name, page in pages.items():
        assert page.all("html")[0].attributes.get("lang") == "en", name
        assert any(meta.attributes.get("name") == "viewport" for meta in page.all("meta")), name


# Lessons


def cells_of(lesson: Path, kind: str) -> list[dict]:
    return [
        cell for cell in json.loads(lesson.read_text("utf-8"))["cells"] if cell["cell_type"] == kind
    ]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_lesson_s_page_has_every_output_and_every_line_of_code(lesson, pages) -> None:
    shown = squeezed(pages[f"lessons/{lesson.stem}.html"].text)
    for cell in cells_of(lesson, "code"):
        assert squeezed(build_site.source_of(cell)) in shown, build_site.source_of(cell)[:80]
        for output in cell["outputs"]:
            text = "".join(output.get("text", ""))
            assert squeezed(text) in shown, text[:200]


def test_figures_have_their_captions_and_text_alternatives(lesson, pages) -> None:
    page = pages[f"lessons/{lesson.stem}.html"]
    alternatives = [
        output["metadata"]["image/png"]["alt"]
        for cell in cells_of(lesson, "code")
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]
    figures = [image for image in page.all("img") if image.is_in("figure")]
    assert [i.attributes["alt"] for i in figures] == [" ".join(a.split()) for a in alternatives]
    captions = page.all("figcaption")
    assert len(captions) == len(figures)
    for words, caption in zip(alternatives, captions, strict=True):
        assert squeezed(re.sub(r"[`*]", "", words))[:60] in squeezed(caption.words)


def test_what_is_folded_in_the_notebook_is_folded_on_the_page(lesson, pages) -> None:
    page = pages[f"lessons/{lesson.stem}.html"]
    folded = [
        cell
        for cell in cells_of(lesson, "code")
        if cell["metadata"].get("jupyter", {}).get("source_hidden")
    ]
    details = article(page, "details")
    assert len(details) == len(folded)
    assert not [one for one in details if "open" in one.attributes]
    for cell, shown in zip(folded, details, strict=True):
        assert squeezed(build_site.source_of(cell)) in squeezed(shown.words)
        if "solution" in cell["metadata"].get("tags", []):
            assert "Show the solution" in shown.words
            for output in cell["outputs"]:
                assert squeezed("".join(output["text"])) in squeezed(shown.words)
    summaries = article(page, "summary")
    assert len(summaries) == len(details)
    assert all(one.words for one in summaries)


def test_headings_of_a_lesson_are_those_of_its_page(lesson, pages) -> None:
    page = pages[f"lessons/{lesson.stem}.html"]
    shown = [squeezed(h.words.removesuffix("#")) for h in article(page, "h1", "h2", "h3")]
    wanted = build_site.headings(json.loads(lesson.read_text("utf-8")))
    assert shown == [squeezed(heading) for heading in wanted]


def test_terms_are_linked_to_the_glossary_at_first_use_alone(lesson, pages) -> None:
    page = pages[f"lessons/{lesson.stem}.html"]
    targets = [
        link.attributes["href"]
        for link in page.all("a")
        if "glossary.html#term-" in link.attributes.get("href", "")
    ]
    assert len(targets) >= 3
    assert len(set(targets)) == len(targets)


def test_glossary_words_are_defined_once(pages) -> None:
    terms = [one.words.removesuffix("#") for one in pages["glossary.html"].all("dt")]
    assert len(terms) > 30
    assert len({term.lower() for term in terms}) == len(terms)
    for term in (
        "learning rate",
        "step",
        "epoch",
        "batch",
        "warm-up",
        "peak",
        "cooldown",
        "schedule",
    ):
        assert term in terms


# Pages made of a lesson


def stored_table(cell_id: str) -> list[list[str]]:
    lesson = next(path for path in LESSONS if path.stem == build_site.COMPARISON)
    cell = next(cell for cell in cells_of(lesson, "code") if cell["id"] == cell_id)
    text = "".join(cell["outputs"][0]["data"]["text/markdown"])
    lines = [line.strip("| ").split(" | ") for line in text.splitlines()]
    return [lines[0], *lines[2:]]


def test_the_claims_are_those_of_lesson_8(pages) -> None:
    rows = stored_table("claims-table")
    shown = [squeezed(row.words) for row in pages["claims.html"].all("tr")]
    assert len(shown) == len(rows) > 20
    for row, line in zip(rows[1:], shown[1:], strict=True):
        for part in row:
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)+|\*", r"\1", part)
            assert squeezed(words) in line
    links = [link.attributes["href"] for link in pages["claims.html"].all("a")]
    assert sum("08_compare_schedules.html#" in link for link in links) >= len(rows) - 1


def test_the_guide_is_that_of_lesson_8(pages) -> None:
    text = squeezed(pages["guide.html"].text)
    lesson = next(path for path in LESSONS if path.stem == build_site.COMPARISON)
    cell = next(cell for cell in cells_of(lesson, "markdown") if cell["id"] == "guide-heading")
    rows = [line for line in build_site.source_of(cell).splitlines() if line.startswith("| ")]
    for row in rows[1:]:
        case, what, _ = row.strip("| ").split(" | ")
        assert squeezed(case) in text and squeezed(what) in text


def test_the_reference_has_every_helper_with_its_docstrings(pages) -> None:
    for path in HELPERS:
        page = pages[f"reference/{path.stem}.html"]
        module = build_site.ast.parse(path.read_text("utf-8"))
        for node in build_site.public_names(module):
            assert f"helpers.{path.stem}.{node.name}" in page.ids
            first = (build_site.ast.get_docstring(node) or "").split("\n\n")[0]
            words = re.sub(r"[`*\\]", "", first)
            shown = squeezed(page.text).replace("*", "")
            assert squeezed(words)[:50] in shown, f"{path.stem}.{node.name}"
    assert "helpers.schedules.check_order" not in pages["reference/schedules.html"].ids


def test_math_is_drawn_by_the_browser_itself(pages) -> None:
    formulas = pages["lessons/04_learning_rate_scheduler.html"].all("math")
    assert len(formulas) >= 8
    everything = "".join(page.text for page in written(pages).values())
    assert not re.search(r"\\(frac|approx|mathrm)", everything), "TeX is left on a page"


def test_the_search_knows_words_of_lessons_and_helpers(site) -> None:
    index = (site / "searchindex.js").read_text("utf-8").lower()
    for word in ("warmupstabledecay", "glossari", "cooldown", "momentum", "fashion"):
        assert word in index, word
    assert html.escape("<script") not in index[:20]


# What stops a build


def test_a_link_to_nowhere_is_refused() -> None:
    lessons = {"01_one": {"cells": [{"cell_type": "markdown", "source": "# One: `a`, and b"}]}}

    def link(target: str) -> str:
        return build_site.page_link(target, "01_one", lessons, "")

    assert link("01_one.ipynb") == "../lessons/01_one.ipynb"
    assert link("#One:-a,-and-b") == "#One:-a,-and-b"
    assert link("01_one.ipynb#one-a-and-b") == "../lessons/01_one.ipynb#One:-a,-and-b"
    assert link("../helpers/plots.py") == "../reference/plots.rst"
    assert link("schedule_explorer.html") == "../explorer.md"
    assert link("https://example.org/x.ipynb") == "https://example.org/x.ipynb"
    with pytest.raises(ValueError, match="leads to no page"):
        link("../data/nothing.txt")
    with pytest.raises(ValueError, match="no heading"):
        link("#Two")
    with pytest.raises(KeyError):
        link("02_two.ipynb#x")


def test_the_explorer_inside_a_notebook_becomes_a_link_to_its_page(tmp_path) -> None:
    frame = '<iframe width="100%" height="760" src="schedule_explorer.html"></iframe>'
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": [frame]}}
    cell = {"cell_type": "code", "metadata": {}, "source": "show()", "outputs": [output]}
    code, note = build_site.code_cells(cell, "05_x", {}, tmp_path)
    assert code["outputs"] == []
    assert "](../explorer.md)" in note["source"]


def test_a_warning_of_sphinx_stops_the_build_and_keeps_the_old_pages(
    tmp_path, monkeypatch, capfd
) -> None:
    def broken(folder: Path) -> None:
        folder.mkdir()
        (folder / "conf.py").write_text("extensions = []\n")
        (folder / "index.rst").write_text("Title\n=====\n\n:doc:`nowhere`\n")

    monkeypatch.setattr(build_site, "write_sources", broken)
    old = tmp_path / "pages"
    old.mkdir()
    (old / "index.html").write_text("old")
    with pytest.raises(SystemExit, match="not built"):
        build_site.build(old)
    assert "nowhere" in capfd.readouterr().err
    assert (old / "index.html").read_text() == "old"
    shutil.rmtree(old)
