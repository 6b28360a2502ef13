"""What the tests of the pages look for is found on a page that has all of it."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.pages import Site, Survey, dead_links, look_at_every_page, served

ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FAULTS = """<!doctype html><html lang="en"><title>faults</title><body style="background: white">
<p>a text that can be read</p>
<p style="color: #bbb">a faint text</p>
<div style="width: 900px">a wide block</div>
<img src="missing.png" alt="not there">
<img src="pixel.png">
<img src="http://elsewhere.invalid/picture.png" alt="of another site">
<a href="nowhere.html">no such page</a>
<a href="whole.html#nowhere">no such place</a>
<a href="whole.html#place">a page and a place</a>
<div class="cell"><details class="hide" open><summary>Solution</summary>
<pre># Solution</pre></details></div>
<script>undefinedFunction();</script>
"""
WHOLE = """<!doctype html><html lang="en"><title>whole</title><body style="background: white">
<p id="place">a text</p><img src="pixel.png" alt="one pixel"><a href="faults.html">back</a>
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("pages with faults")
    (folder / "faults.html").write_text(FAULTS)
    (folder / "whole.html").write_text(WHOLE)
    (folder / "pixel.png").write_bytes(ONE_PIXEL)
    (folder / "favicon.ico").write_bytes(ONE_PIXEL)
    with served(folder) as site:
        yield site


@pytest.fixture(scope="module")
def survey(browser: Browser, site: Site) -> Survey:
    return look_at_every_page(browser, site, viewport={"width": 390, "height": 844})


def test_a_link_without_a_page_and_one_without_a_place(survey: Survey, site: Site) -> None:
    assert dead_links(survey, site) == [
        ("faults.html", site.page("nowhere.html")),
        ("faults.html", site.page("whole.html#nowhere")),
    ]


def test_a_request_elsewhere_a_missing_file_and_an_error_of_a_script(
    survey: Survey, site: Site
) -> None:
    notes = survey[1]
    assert notes.requests_elsewhere == ["http://elsewhere.invalid/picture.png"]
    assert notes.refused == [f"404 {site.page('missing.png')}"]
    assert any("undefinedFunction" in error for error in notes.errors)


def test_a_page_that_scrolls_sideways(survey: Survey) -> None:
    wide = {name: page["widerThanWindow"] for name, page in survey[0].items()}
    assert wide["faults.html"] > 400 and wide["whole.html"] <= 0
    assert "div." in survey[0]["faults.html"]["tooWide"]


def test_a_faint_text_an_open_solution_and_pictures_that_say_nothing(
    survey: Survey, site: Site
) -> None:
    page = survey[0]["faults.html"]
    (faint,) = page["faint"]
    assert "a faint text" in faint
    assert page["openSolutions"] == 1
    assert page["withoutAlternative"] == [site.page("pixel.png")]
    assert site.page("missing.png") in page["broken"]
    for key in ("faint", "openSolutions", "withoutAlternative", "broken"):
        assert not survey[0]["whole.html"][key], key
