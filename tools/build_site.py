"""Build the web pages of the course into build/site: lessons as stored, reference, explorer, search.

    python tools/build_site.py                    # or: make site
    python tools/build_site.py --out FOLDER
    python tools/build_site.py --explorer         # the explorer as one file, for lesson 5

Nothing is run and nothing is fetched. The sources are the folder site, the notebooks with their
stored outputs, the docstrings of the helpers, and sections of README.md. Sphinx's warnings are
errors: a dead link, a missing anchor, a broken docstring stop the build.
"""

import argparse
import ast
import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import quickjs
from atomic_files import write_text

PROJECT = Path(__file__).resolve().parents[1]
SITE = PROJECT / "site"
NOTEBOOKS = PROJECT / "notebooks"
COMPARISON = "08_compare_schedules"
EXPLORER_FILE = NOTEBOOKS / "schedule_explorer.html"
QUESTIONS = "Questions that this course answers"
NO_PAGE = {"__init__"}  # of the helpers

Cell = dict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=PROJECT / "build" / "site", help="the pages")
    parser.add_argument("--explorer", action="store_true", help=f"only write {EXPLORER_FILE.name}")
    options = parser.parse_args()
    if options.explorer:
        write_text(EXPLORER_FILE, explorer_file())
        print(f"written: {EXPLORER_FILE.relative_to(PROJECT)}")
        return
    pages = options.out
    began = time.perf_counter()
    build(pages)
    seconds = time.perf_counter() - began
    print(f"{len(list(pages.rglob('*.html')))} pages in {seconds:.0f} s: open {pages}/index.html")


def build(pages: Path) -> None:
    """Write the pages into a folder, which is replaced.

    Raises:
        SystemExit: Sphinx had an error or a warning, which it has printed.
    """
    with tempfile.TemporaryDirectory(prefix="course-pages-") as folder:
        sources = Path(folder) / "sources"
        write_sources(sources)
        new = Path(folder) / "pages"
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html"]
        command += ["-d", str(Path(folder) / "doctrees"), str(sources), str(new)]
        if subprocess.run(command, cwd=PROJECT, check=False).returncode:
            raise SystemExit("The pages were not built: see the warnings above.")
        (new / ".buildinfo").unlink(missing_ok=True)
        shutil.rmtree(new / "_sources", ignore_errors=True)
        for unused in [*new.rglob("*.map"), new / "_static" / "webpack-macros.html"]:
            unused.unlink(missing_ok=True)
        shutil.rmtree(pages, ignore_errors=True)
        pages.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(new, pages)


def write_sources(folder: Path) -> None:
    """Copy the folder site and add a source for every page that is made from something else."""
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    lessons = {path.stem: json.loads(path.read_text("utf-8")) for path in lesson_files()}
    readme = (PROJECT / "README.md").read_text("utf-8")
    write_lessons(folder, lessons)
    write_explorer(folder)
    write_comparison_pages(folder, lessons)
    write_reference(folder, lessons, readme)
    write_studies(folder, lessons)
    write_questions(folder, lessons, readme)
    write_start(folder, lessons)


def lesson_files() -> list[Path]:
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


# Lessons


def write_lessons(folder: Path, lessons: dict[str, dict]) -> None:
    target = folder / "lessons"
    target.mkdir()
    shutil.copytree(NOTEBOOKS / "images", target / "images")
    shutil.copytree(NOTEBOOKS, folder / "notebooks", ignore=only_notebooks)
    for name, notebook in lessons.items():
        page = lesson_page(name, notebook, lessons, target / "images")
        (target / f"{name}.ipynb").write_text(json.dumps(page), "utf-8")
    text = ["# The lessons", "", "Do them in order the first time.", "", lesson_cards(lessons, "")]
    text += ["", "```{toctree}", ":hidden:", "", *lessons, "```", ""]
    (target / "index.md").write_text("\n".join(text), "utf-8")


def only_notebooks(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".ipynb")]


def lesson_page(name: str, notebook: dict, lessons: dict[str, dict], images: Path) -> dict:
    """A lesson's notebook as its page shows it."""
    cells: list[Cell] = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cells.append(markdown_cell(with_page_links(source_of(cell), name, lessons, "")))
        else:
            cells += code_cells(cell, name, lessons, images)
    cells.insert(1, markdown_cell(lesson_note(name, notebook)))
    number_cells(cells)
    return {**notebook, "cells": cells}


def lesson_note(name: str, notebook: dict) -> str:
    minutes = notebook["metadata"]["lesson"]["minutes"]
    return (
        ":::{container} lesson-note\n"
        f"{minutes} minutes. The outputs on this page are stored ones; to run them, start the course with `make lab`, "
        f"or take the file: {{download}}`download this notebook <../notebooks/{name}.ipynb>`.\n"
        ":::"
    )


def number_cells(cells: list[Cell]) -> None:
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"


def source_of(cell: Cell) -> str:
    return "".join(cell["source"])


def markdown_cell(text: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code_cells(cell: Cell, name: str, lessons: dict[str, dict], images: Path) -> list[Cell]:
    """A code cell, cut where it shows a figure: that becomes a figure with a caption."""
    tags = list(cell["metadata"].get("tags", []))
    folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
    solution = "solution" in tags
    prompts = {}
    if folded:
        tags.append("hide-cell" if solution else "hide-input")
        shown = "Show the solution" if solution else "Show the code of this cell"
        prompts = {"code_prompt_show": shown, "code_prompt_hide": shown.replace("Show", "Hide")}
    parts: list[Cell] = [{**cell, "metadata": {"tags": tags, "mystnb": prompts}, "outputs": []}]
    outputs = list(cell["outputs"])
    while outputs:
        output = outputs.pop(0)
        data = output.get("data", {})
        if "application/vnd.jupyter.widget-view+json" in data:
            continue
        if "image/png" in data:
            if solution:
                raise ValueError(f"{name}: a solution with a figure would show it unfolded")
            caption = caption_below(outputs)
            parts.append(figure_cell(output, caption, name, images))
            if "figures.explore(" in source_of(cell):
                parts.append(markdown_cell(SLIDER_NOTE))
            continue
        if EXPLORER_FILE.name in "".join(data.get("text/html", "")):
            parts.append(markdown_cell(EXPLORER_NOTE))
            continue
        if "text/markdown" in data:
            text = with_page_links("".join(data["text/markdown"]), name, lessons, "")
            output = {**output, "data": {"text/markdown": text}}
        if parts[-1]["cell_type"] != "code":
            parts.append(output_cell(tags))
        parts[-1]["outputs"].append(output)
    return parts


SLIDER_NOTE = """:::{container} lesson-note
In the notebook this picture has sliders. On these pages, the [schedule explorer](../explorer.md) has them.
:::"""

EXPLORER_NOTE = """:::{container} lesson-note
In the notebook, the schedule explorer stands here. On these pages it has [a page of its own](../explorer.md).
:::"""


def output_cell(tags: list[str]) -> Cell:
    """What a code cell shows below a figure."""
    tags = [tag for tag in tags if not tag.startswith("hide-")] + ["remove-input"]
    metadata = {"tags": tags}
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": "",
        "outputs": [],
        "execution_count": None,
    }


def caption_below(outputs: list[dict]) -> str:
    """Take the caption, which ``plots.show`` puts below a picture, from the outputs."""
    text = "".join(outputs[0].get("data", {}).get("text/markdown", "")) if outputs else ""
    if not (text.startswith("*") and text.endswith("*")):
        return ""
    outputs.pop(0)
    return text[1:-1]


def figure_cell(output: dict, caption: str, name: str, images: Path) -> Cell:
    """A stored picture as a figure: its file, its text alternative, its caption."""
    about = output["metadata"]["image/png"]
    number = len(list(images.glob(f"{name}_figure_*.png"))) + 1
    file = images / f"{name}_figure_{number:02}.png"
    file.write_bytes(base64.b64decode("".join(output["data"]["image/png"])))
    lines = [f":::{{figure}} images/{file.name}", f":alt: {one_line(about['alt'])}"]
    lines += [f":width: {about['width']}px", f":height: {about['height']}px", ":class: plot", ""]
    return markdown_cell("\n".join([*lines, caption, ":::"]))


def one_line(text: str) -> str:
    return " ".join(text.split())


# Links


LINK = re.compile(r"(?<!!)\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)")
FENCE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.M | re.S)


def with_page_links(text: str, page: str, lessons: dict[str, dict], root: str) -> str:
    """Turn links to notebooks and files into links to pages.

    Args:
        text: Markdown.
        page: the lesson that it stands in, or "" if it stands in a page of the top folder.
        lessons: all lessons, by name.
        root: the folder that the text's links begin in, seen from the project, such as ``""`` for
            README.md; lessons stand in ``notebooks``.
    """

    def page_of(found: re.Match) -> str:
        return f"]({page_link(found.group(1), page, lessons, root)})"

    pieces = FENCE.split(text)
    return "".join(
        piece if number % 2 and piece.startswith("```") else LINK.sub(page_of, piece)
        for number, piece in enumerate(merge_inline(pieces))
    )


def merge_inline(pieces: list[str]) -> list[str]:
    """Join again what was cut at inline code, so that links around code are found: text, block, text, ..."""
    merged = [""]
    for piece in pieces:
        if piece.startswith("```"):
            merged += [piece, ""]
        else:
            merged[-1] += piece
    return merged


def page_link(target: str, page: str, lessons: dict[str, dict], root: str) -> str:
    if re.match(r"[a-z]+:", target):
        return target
    path, _, anchor = target.partition("#")
    up = "../" if page else ""
    folder = "notebooks" if page else root
    if not path:
        return f"#{jupyter_anchor(anchor, lessons[page])}" if page else target
    file = "/".join(part for part in f"{folder}/{path}".split("/") if part)
    while "/../" in f"/{file}":
        file = re.sub(r"(^|/)[^/]+/\.\./", r"\1", file, count=1)
    if file.startswith("notebooks/images/"):
        return target if page else f"lessons/{file.removeprefix('notebooks/')}"
    if found := re.fullmatch(r"notebooks/(\w+)\.ipynb", file):
        name = found.group(1)
        at = f"#{jupyter_anchor(anchor, lessons[name])}" if anchor else ""
        return f"{up}lessons/{name}.ipynb{at}"
    if file == f"notebooks/{EXPLORER_FILE.name}":
        return f"{up}explorer.md"
    if found := re.fullmatch(r"helpers/(\w+)\.py", file):
        return f"{up}reference/{found.group(1)}.rst"
    if file == "README.md" and anchor == anchor_on_github(QUESTIONS):
        return f"{up}questions.md"
    if file == "README.md":
        return f"{up}index.md"
    if file in ("data/studies", "data/studies/README.md"):
        return f"{up}studies.md"
    if file == "helpers":
        return f"{up}reference/index.rst"
    raise ValueError(f"{page or 'README.md'}: a link to {target} leads to no page")


def headings(notebook: dict) -> list[str]:
    lines = [
        line
        for cell in notebook["cells"]
        if cell["cell_type"] == "markdown"
        for line in source_of(cell).splitlines()
    ]
    return [re.sub(r"^#+ |`", "", line) for line in lines if re.match(r"#+ ", line)]


def jupyter_anchor(anchor: str, notebook: dict) -> str:
    """The heading that an anchor means, JupyterLab's way or GitHub's, as JupyterLab writes it."""
    for heading in headings(notebook):
        if anchor in (heading.replace(" ", "-"), anchor_on_github(heading)):
            return heading.replace(" ", "-")
    raise ValueError(f"no heading for the link to #{anchor}")


def anchor_on_github(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# The schedule explorer


EXPLORER = SITE / "explorer"
SCRIPTS = ("schedules.js", "chart.js", "explorer.js")
DARK_PAPER = "#14181e"


def write_explorer(folder: Path) -> None:
    """Its scripts and styles, and the part of its page that stands between the texts."""
    static = folder / "_static" / "explorer"
    static.mkdir()
    for name in (*SCRIPTS, "explorer.css"):
        shutil.copy(EXPLORER / name, static)
    (static / "colours.css").write_text(line_colours(), "utf-8")
    scripts = "".join(
        f'<script defer src="_static/explorer/{name}"></script>\n' for name in SCRIPTS
    )
    (folder / "explorer" / "page.html").write_text(explorer_part() + scripts, "utf-8")


def explorer_part() -> str:
    """What the page holds before any script runs: the first chart, its table, its code."""
    script = quickjs.Context()
    for name in SCRIPTS[:2]:
        script.eval((EXPLORER / name).read_text("utf-8"))
    part = (EXPLORER / "explorer.html").read_text("utf-8")
    for mark, made in {
        "<!-- CHART -->": "Chart.svg(Schedules.startState(), 760, 380)",
        "<!-- TABLE -->": "Chart.table(Schedules.startState())",
        "<!-- CODE -->": "Schedules.code(Schedules.startState())",
    }.items():
        assert mark in part, f"site/explorer/explorer.html has lost its mark {mark}"
        part = part.replace(mark, json.loads(script.eval(f"JSON.stringify({made})")))
    return part


def explorer_file() -> str:
    """The explorer as one file that needs nothing beside it."""
    styles = line_colours() + (EXPLORER / "explorer.css").read_text("utf-8")
    scripts = "\n".join((EXPLORER / name).read_text("utf-8") for name in SCRIPTS)
    return (
        "<!DOCTYPE html>\n<!-- Made by `python tools/build_site.py --explorer` from the folder site/explorer. -->\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>Schedule explorer</title>\n"
        "<style>\nbody { font-family: system-ui, sans-serif; line-height: 1.5; margin: 1rem; background: var(--page); }\n"
        "html { --page: #ffffff; }\n"
        f'html[data-theme="dark"] {{ --page: {DARK_PAPER}; color-scheme: dark; }}\n'
        f"{styles}</style>\n"
        '<script>if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.theme = "dark";</script>\n'
        f"</head>\n<body>\n<main>\n<h1>Schedule explorer</h1>\n{explorer_part()}</main>\n<script>\n{scripts}</script>\n</body>\n</html>\n"
    )


def schedule_colours() -> dict[str, str]:
    """SCHEDULE_COLOURS of helpers/plots.py, read without importing Matplotlib."""
    names: dict[str, str] = {}
    for node in ast.parse((PROJECT / "helpers" / "plots.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            keys = [target.id for target in node.targets[0].elts]
            if all(isinstance(value, ast.Constant) for value in node.value.elts):
                names |= dict(zip(keys, ast.literal_eval(node.value), strict=True))
        elif isinstance(node, ast.Assign) and node.targets[0].id == "SCHEDULE_COLOURS":
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {key.value: names[value.id] for key, value in pairs}
    raise ValueError("helpers/plots.py has no SCHEDULE_COLOURS")


def line_colours() -> str:
    """CSS: the colour of each schedule on white and on the dark page."""
    light = schedule_colours()
    return "".join(
        f"{where} {{\n"
        + "".join(
            f"  --line-{name.replace(' ', '-')}: {colour};\n" for name, colour in colours.items()
        )
        + "}\n"
        for where, colours in {
            "html": light,
            'html[data-theme="dark"]': {name: for_dark(colour) for name, colour in light.items()},
        }.items()
    )


def for_dark(colour: str) -> str:
    """The same hue, as light on the dark page as it is dark on white (in OKLab)."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    ]
    cones = [sum(a * b for a, b in zip(row, linear, strict=True)) ** (1 / 3) for row in TO_CONES]
    light, green_red, blue_yellow = (
        sum(a * b for a, b in zip(row, cones, strict=True)) for row in TO_LAB
    )
    light = 1 - 0.62 * light
    for chroma in range(100, -1, -2):
        a, b = green_red * chroma / 100, blue_yellow * chroma / 100
        cones = [(light + p * a + q * b) ** 3 for p, q in FROM_LAB]
        linear = [sum(x * y for x, y in zip(row, cones, strict=True)) for row in FROM_CONES]
        if all(-1e-4 <= value <= 1.0001 for value in linear):
            break
    coded = [
        12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
        for value in (min(max(value, 0.0), 1.0) for value in linear)
    ]
    return "#" + "".join(f"{round(255 * value):02X}" for value in coded)


# OKLab (Ottosson 2020)
TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
FROM_LAB = (
    (0.3963377774, 0.2158037573),
    (-0.1055613458, -0.0638541728),
    (-0.0894841775, -1.2914855480),
)
FROM_CONES = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


# Pages of lesson 8


def write_comparison_pages(folder: Path, lessons: dict[str, dict]) -> None:
    """The decision guide and the table of claims, as the lesson words and stores them."""
    notebook = lessons[COMPARISON]
    by_id = {cell["id"]: cell for cell in notebook["cells"]}

    def words(cell: str) -> str:
        text = re.sub(r"\A#+ .*\n+", "", source_of(by_id[cell]))
        return elsewhere(text)

    def elsewhere(text: str) -> str:
        """Links within the lesson, seen from a page of its own."""
        return re.sub(
            r"\]\(#([^()\s]+)\)",
            lambda found: (
                f"](lessons/{COMPARISON}.ipynb#{jupyter_anchor(found.group(1), notebook)})"
            ),
            text,
        )

    def stored(cell: str) -> str:
        return "\n\n".join(
            elsewhere("".join(output["data"]["text/markdown"]))
            if "data" in output
            else "```text\n" + "".join(output["text"]) + "```"
            for output in by_id[cell]["outputs"]
        )

    lesson = f"[lesson 8](lessons/{COMPARISON}.ipynb)"
    guide = [
        "# Decision guide",
        f"Which learning-rate schedule should you use? What follows comes from {lesson}, which compares schedules at their own best rates, over paired seeds.",
        words("guide-heading").replace(
            "a figure above, and on the assertions in the cell below",
            "a figure of the lesson, to which it links, and on assertions that run there",
        ),
        "To see the shapes that are meant, open the [schedule explorer](explorer.md); for the numbers behind each line follow its link.",
    ]
    claims = [
        "# Published claims, judged",
        f"What papers and tutorials say about learning-rate schedules, and what {lesson} measured: one small model, Fashion-MNIST, paired seeds. Differences are in percentage points of accuracy unless the claim names the loss.",
        stored("claims-table"),
        "## How many hold",
        stored("claims-count"),
        words("claims-notice").replace("**What to notice.** ", ""),
        "## How they are judged",
        words("claims-heading"),
        words("claims-correction"),
    ]
    (folder / "guide.md").write_text("\n\n".join(guide) + "\n", "utf-8")
    (folder / "claims.md").write_text("\n\n".join(claims) + "\n", "utf-8")


# Reference


def write_reference(folder: Path, lessons: dict[str, dict], readme: str) -> None:
    target = folder / "reference"
    target.mkdir()
    files = [
        path for path in sorted((PROJECT / "helpers").glob("*.py")) if path.stem not in NO_PAGE
    ]
    shutil.copytree(PROJECT / "helpers", folder / "helpers", ignore=only_python)
    copied = {name for name in re.findall(r"\]\(helpers/(\w+)\.py\)", readme)}
    for path in files:
        page = helper_page(path, lessons)
        (target / f"{path.stem}.rst").write_text(page, "utf-8")
    index = [
        *rst_title("Reference of the helpers"),
        "Each file works alone in your project: copy it, or copy one class out of it. The pages are made from the docstrings.",
        "",
        *rst_title("To copy", "-"),
        *summary_table([path for path in files if path.stem in copied]),
        *rst_title("For the lessons only", "-"),
        "Pictures of single lessons, errors and progress bars in a notebook, and what the studies train.",
        "",
        *summary_table([path for path in files if path.stem not in copied]),
        ".. toctree::",
        "   :hidden:",
        "",
        *(f"   {path.stem}" for path in files),
    ]
    (target / "index.rst").write_text("\n".join(index) + "\n", "utf-8")


def only_python(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".py")]


def rst_title(text: str, line: str = "=") -> list[str]:
    return [text, line * len(text), ""]


def first_sentence(docstring: str | None) -> str:
    paragraph = one_line((docstring or "").split("\n\n")[0])
    return paragraph


def summary_table(files: list[Path]) -> list[str]:
    lines = [".. list-table::", "   :class: names", ""]
    for path in files:
        about = first_sentence(ast.get_docstring(ast.parse(path.read_text("utf-8"))))
        lines += [f"   * - :doc:`{path.name} <{path.stem}>`", f"     - {about}"]
    return [*lines, ""]


def public_names(module: ast.Module) -> list[ast.ClassDef | ast.FunctionDef]:
    return [
        node
        for node in module.body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
        and not node.name.startswith(("_", "check_", "checked_"))
    ]


def helper_page(path: Path, lessons: dict[str, dict]) -> str:
    name = path.stem
    module = ast.parse(path.read_text("utf-8"))
    lines = rst_title(path.name)
    lines += [f":download:`Download {path.name} <../helpers/{path.name}>`", ""]
    used = [lesson for lesson, notebook in lessons.items() if uses(name, notebook)]
    if used:
        links = ", ".join(
            f":doc:`{int(lesson[:2])}. {title_of(lessons[lesson])} </lessons/{lesson}>`"
            for lesson in used
        )
        lines += [f"Used in lesson{'s' if len(used) > 1 else ''} {links}.", ""]
    lines += [".. list-table::", "   :class: names", ""] if public_names(module) else []
    for node in public_names(module):
        role = "class" if isinstance(node, ast.ClassDef) else "func"
        lines += [f"   * - :py:{role}:`~helpers.{name}.{node.name}`"]
        lines += [f"     - {first_sentence(ast.get_docstring(node))}"]
    lines += ["", f".. automodule:: helpers.{name}", "   :members:", "   :show-inheritance:", ""]
    return "\n".join(lines)


def uses(helper: str, notebook: dict) -> bool:
    code = "\n".join(source_of(c) for c in notebook["cells"] if c["cell_type"] == "code")
    several = "|".join(re.findall(r"^from helpers import (.*)$", code, re.M))
    return f"from helpers.{helper} import" in code or bool(re.search(rf"\b{helper}\b", several))


# Start, studies, questions


def title_of(notebook: dict) -> str:
    return re.sub(r"^# Lesson \d+: ", "", source_of(notebook["cells"][0]).splitlines()[0])


def question_of(notebook: dict) -> str:
    """The question that a lesson answers: the bold paragraph below its title."""
    found = re.search(r"^\*\*(.+?)\*\*$", source_of(notebook["cells"][0]), re.M | re.S)
    if not found:
        raise ValueError(f"{title_of(notebook)}: no question in bold below the title")
    return one_line(found.group(1))


def lesson_cards(lessons: dict[str, dict], folder: str) -> str:
    cards = [":::::{container} cards"]
    for name, notebook in lessons.items():
        minutes = notebook["metadata"]["lesson"]["minutes"]
        cards += ["::::{container} card"]
        cards += [f"[{int(name[:2])}. {title_of(notebook)}]({folder}{name}.ipynb)", ""]
        cards += [question_of(notebook), "", f"{minutes} minutes", "{.minutes}"]
        # An attribute stands above its paragraph.
        cards[-2], cards[-1] = cards[-1], cards[-2]
        cards += ["::::"]
    return "\n".join([*cards, ":::::"])


def write_start(folder: Path, lessons: dict[str, dict]) -> None:
    start = folder / "index.md"
    picture = re.search(r"!\[(.*?)\]\((images/[^)]*)\)", source_of(lessons[COMPARISON]["cells"][0]))
    about = f":::{{figure}} lessons/{picture.group(2)}\n:alt: {one_line(picture.group(1))}\n:class: start\n:::"
    text = start.read_text("utf-8")
    for mark, made in {
        "@PICTURE@": about,
        "@LESSONS@": lesson_cards(lessons, "lessons/"),
    }.items():
        assert mark in text, f"site/index.md has lost its mark {mark}"
        text = text.replace(mark, made)
    start.write_text(text, "utf-8")


def write_studies(folder: Path, lessons: dict[str, dict]) -> None:
    studies = PROJECT / "data" / "studies"
    text = with_page_links((studies / "README.md").read_text("utf-8"), "", lessons, "data/studies")
    text = re.sub(r"\A# .*", "# Data of the studies", text)
    shutil.copytree(studies, folder / "data" / "studies")
    files = sorted(studies.glob("*.csv"))
    rows = [sum(1 for _ in path.open("rb")) - 1 for path in files]
    lines = [
        f"- {{download}}`{path.name} <data/studies/{path.name}>`: {count:,} trainings"
        for path, count in zip(files, rows, strict=True)
    ]
    (folder / "data" / "studies" / "README.md").unlink()
    (folder / "studies.md").write_text(
        "\n".join([text.rstrip(), "", "## Take the tables", "", *lines, ""]), "utf-8"
    )


def write_questions(folder: Path, lessons: dict[str, dict], readme: str) -> None:
    """The page of questions, from README.md."""
    found = re.search(rf"^## {QUESTIONS}\n(.*?)(?=^## |\Z)", readme, re.M | re.S)
    if not found:
        raise ValueError(f"README.md has no section {QUESTIONS!r}")
    text = with_page_links(found.group(1), "", lessons, "")
    text = re.sub(r"^#(#+ )", r"\1", text, flags=re.M)
    (folder / "questions.md").write_text(f"# {QUESTIONS}\n{text}", "utf-8")


if __name__ == "__main__":
    main()
