"""What the pages do beyond Sphinx: math as MathML, first uses linked to the glossary, file names to pages."""

import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxTranslator

LESSONS = "lessons/"
GLOSSARY = "glossary"
HELPER_FILE = re.compile(r"(?:helpers/)?([a-z_]+)\.py")


def jupyter_anchor(heading: str) -> str:
    """The anchor that JupyterLab gives a heading: a lesson's own links are written for it."""
    return heading.replace(" ", "-")


# Math: browsers draw MathML themselves, so no script is needed, and screen readers read it.


def visit_math(self: SphinxTranslator, node: nodes.math) -> None:
    self.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def visit_math_block(self: SphinxTranslator, node: nodes.math_block) -> None:
    formula = convert(node.astext(), display="block")
    self.body.append(f'<div class="math-block" tabindex="0">{formula}</div>\n')
    raise nodes.SkipNode


# The glossary: the first use of each term on a lesson's page is a link.


def glossary_terms(source: Path) -> dict[str, re.Pattern]:
    """Each term of the glossary's page and what finds its use: any case, singular or plural."""
    inside = source.read_text("utf-8").split("```{glossary}", 1)[1].split("```", 1)[0]
    lines = inside.splitlines()
    terms = [line.strip() for line in lines if line and line[0] not in " :"]
    # The longest first, so that "learning rate" wins over "rate".
    terms.sort(key=len, reverse=True)
    return {
        term: re.compile(rf"(?<![\w-]){re.escape(term)}(?:e?s)?(?![\w-])", re.I) for term in terms
    }


NOT_LINKED = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.raw,
    nodes.comment,
    nodes.caption,
    nodes.image,
    nodes.table,
    addnodes.pending_xref,
    addnodes.download_reference,
)


def linkable(node: nodes.Node, but: tuple[type, ...] = ()) -> bool:
    """Whether a node may become, or hold, a link. ``but`` names kinds that are allowed here."""
    while node is not None:
        of_the_page = "lesson-note" in getattr(node, "attributes", {}).get("classes", ())
        if of_the_page or (isinstance(node, NOT_LINKED) and not isinstance(node, but)):
            return False
        node = node.parent
    return True


def link_first_uses(document: nodes.document, terms: dict[str, re.Pattern], page: str) -> None:
    """Turn the first use of each term in running text (of the guide: in its table) into a link."""
    but = (nodes.table,) if page == "guide" else ()
    remaining = dict(terms)
    for text in list(document.findall(nodes.Text)):
        if not remaining:
            return
        if linkable(text, but):
            pieces = split_at_terms(str(text), remaining)
            if len(pieces) > 1:
                parent = text.parent
                parent.replace(text, [link_or_text(piece, page) for piece in pieces])


def split_at_terms(text: str, remaining: dict[str, re.Pattern]) -> list[str | tuple[str, str]]:
    """Cut a text at the first use of each term: (words, term) stands for a use."""
    pieces: list[str | tuple[str, str]] = [text]
    for term, pattern in list(remaining.items()):
        for place, piece in enumerate(pieces):
            found = pattern.search(piece) if isinstance(piece, str) else None
            if found:
                before, after = piece[: found.start()], piece[found.end() :]
                new = [before, (found.group(), term), after]
                pieces[place : place + 1] = [part for part in new if part]
                del remaining[term]
                break
    return pieces


def link_or_text(piece: str | tuple[str, str], page: str) -> nodes.Node:
    if isinstance(piece, str):
        return nodes.Text(piece)
    words, term = piece
    link = addnodes.pending_xref(
        "",
        refdomain="std",
        reftype="term",
        reftarget=term,
        refexplicit=True,
        refwarn=True,
        refdoc=page,
    )
    link += nodes.inline("", words, classes=["glossary-link"])
    return link


# File names of helpers.


def link_file_names(document: nodes.document, helpers: set[str], page: str) -> None:
    """Turn ``schedules.py`` in running text into a link to the page of that helper."""
    for literal in list(document.findall(nodes.literal)):
        found = HELPER_FILE.fullmatch(literal.astext())
        if found and found.group(1) in helpers and linkable(literal.parent):
            target = f"/reference/{found.group(1)}"
            link = addnodes.pending_xref(
                "",
                refdomain="std",
                reftype="doc",
                reftarget=target,
                refexplicit=True,
                refwarn=True,
                refdoc=page,
            )
            parent = literal.parent
            parent.replace(literal, link)
            link += literal


def improve(app: Sphinx, document: nodes.document) -> None:
    page = app.env.docname
    folder = Path(app.srcdir)
    if page.startswith(LESSONS) or page in ("guide", "claims", "questions", "studies"):
        helpers = {path.stem for path in (folder / "reference").glob("*.rst")} - {"index"}
        link_file_names(document, helpers, page)
        link_first_uses(document, glossary_terms(folder / f"{GLOSSARY}.md"), page)


def skip_guards(
    app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object
) -> bool:
    """The guards of the helpers (``checked_rate``, ``check_order``, ...) are no reader's business."""
    serialization = name in ("get_config", "from_config")  # the same in every schedule
    return skip or serialization or name.startswith(("check_", "checked_"))


def setup(app: Sphinx) -> dict:
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(visit_math, None),
        block_renderers=(visit_math_block, None),
    )
    app.connect("doctree-read", improve)
    app.connect("autodoc-skip-member", skip_guards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
