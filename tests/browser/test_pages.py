"""The built pages in a browser: every page on a phone and in dark mode, search, keyboard."""

from collections.abc import Iterator

import nbformat
import pytest
from conftest import LESSONS
from playwright.sync_api import Browser, Page, expect

from browser.pages import Site, Survey, dead_links, look_at_every_page, watched_page

PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"}
DARK = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}
DARK_PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
MOST_TABS = 900


@pytest.fixture(scope="module")
def on_a_phone(browser: Browser, site: Site) -> Survey:
    return look_at_every_page(browser, site, **PHONE)


@pytest.fixture(scope="module")
def in_dark_mode(browser: Browser, site: Site) -> Survey:
    return look_at_every_page(browser, site, **DARK)


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page on a desk; nothing may go wrong in it."""
    with watched_page(browser, site, viewport={"width": 1280, "height": 900}) as (page, notes):
        yield page
        assert notes.all() == []


def collected(survey: Survey, key: str) -> dict[str, object]:
    return {name: page[key] for name, page in survey[0].items() if page[key]}


def test_every_lesson_has_a_page(site: Site) -> None:
    assert {f"lessons/{lesson.stem}.html" for lesson in LESSONS} <= set(site.names())
    assert {"index.html", "search.html", "explorer.html"} <= set(site.names())


def test_nothing_is_fetched_from_elsewhere_and_nothing_fails(
    on_a_phone: Survey, in_dark_mode: Survey
) -> None:
    for _, notes in (on_a_phone, in_dark_mode):
        assert notes.requests_elsewhere == []
        assert notes.refused == []
        assert notes.errors == []


def test_no_page_scrolls_sideways_on_a_phone_of_390_pixels(on_a_phone: Survey) -> None:
    wide = {
        name: (page["widerThanWindow"], page["tooWide"])
        for name, page in on_a_phone[0].items()
        if page["widerThanWindow"] > 0
    }
    assert wide == {}


def test_dark_mode_is_dark_and_light_mode_light(on_a_phone: Survey, in_dark_mode: Survey) -> None:
    assert {name for name, page in in_dark_mode[0].items() if page["background"] > 0.1} == set()
    assert {name for name, page in on_a_phone[0].items() if page["background"] < 0.8} == set()


@pytest.mark.parametrize("survey", ["on_a_phone", "in_dark_mode"])
def test_every_text_stands_out_from_what_is_behind_it(
    survey: str, request: pytest.FixtureRequest
) -> None:
    """By the rules of WCAG 2.2 (AA): 4.5 to 1, large text 3 to 1."""
    found = request.getfixturevalue(survey)
    assert sum(page["pieces"] for page in found[0].values()) > 10_000, "texts were looked at"
    faint = collected(found, "faint")
    assert faint == {}, "\n".join(f"{name}: {text}" for name in faint for text in faint[name])


def test_pictures_are_there_and_described(on_a_phone: Survey) -> None:
    assert collected(on_a_phone, "broken") == {}
    assert collected(on_a_phone, "withoutAlternative") == {}


def test_what_is_folded_in_a_lesson_is_folded_on_its_page(on_a_phone: Survey) -> None:
    assert collected(on_a_phone, "openSolutions") == {}
    for lesson in LESSONS:
        cells = nbformat.read(lesson, nbformat.NO_CONVERT).cells
        folded = [cell for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
        assert on_a_phone[0][f"lessons/{lesson.stem}.html"]["folded"] == len(folded), lesson.stem


def test_a_solution_is_opened_with_the_keyboard(page: Page, site: Site) -> None:
    page.goto(site.page(f"lessons/{LESSONS[0].stem}.html"))
    solution = page.locator("details.hide", has_text="# Solution").first
    expect(solution.locator("pre").first).to_be_hidden()
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(solution.locator("pre").first).to_be_visible()


def test_links_between_pages_lead_to_their_place(on_a_phone: Survey, site: Site) -> None:
    """Also those that scripts have made."""
    assert dead_links(on_a_phone, site) == []


# Search


def search(page: Page, site: Site, words: str) -> None:
    """With the keyboard, from the first page."""
    page.goto(site.page("index.html"))
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")


@pytest.mark.parametrize(
    ("words", "leads_to"),
    [
        ("EarlyStopping", "lessons/03_custom_callbacks.html"),
        ("warm-up", "lessons/05_subclassed_schedules.html"),
        ("largest_curvature", "reference/sharpness.html"),
    ],
)
def test_search_finds_words_and_leads_to_them(
    page: Page, site: Site, words: str, leads_to: str
) -> None:
    search(page, site, words)
    result = page.locator(f"#search-results li a[href*='{leads_to}']").first
    result.wait_for()
    result.click()
    page.wait_for_url(f"**/{leads_to}*")
    assert words.lower() in page.locator("main").inner_text().lower()


def test_search_says_when_it_finds_nothing(page: Page, site: Site) -> None:
    search(page, site, "xylophonist")
    expect(page.locator("#search-results")).to_contain_text("did not match any")
    assert page.locator("#search-results li a").count() == 0


# The keyboard alone

FOCUS = """async () => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  window.tabStops ??= [];
  if (window.tabStops.includes(at)) return null;
  window.tabStops.push(at);
  const marked = (style) =>
    (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
  // A search field is marked by the form around it.
  const shown = [null, "::before", "::after"].some((part) => marked(getComputedStyle(at, part)))
    || (at.matches("input") && at.form && marked(getComputedStyle(at.form)));
  // In the window, and not behind something that stays in its place.
  const inSight = () => {
    const box = at.getClientRects()[0];
    const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height, innerHeight / 4) / 2];
    const front = document.elementFromPoint(Math.min(Math.max(x, 1), innerWidth - 1), y);
    return Boolean(front) && (at.contains(front) || front.contains(at));
  };
  // A link may slide into the page when it gets the focus.
  for (let turn = 0; turn < 60 && !inSight(); turn += 1) await new Promise((go) => setTimeout(go, 50));
  return {
    what: `${at.localName} ${at.id || at.className} ${at.innerText?.trim().slice(0, 40) ?? ""}`,
    shown,
    inSight: inSight(),
  };
}"""
NOT_REACHED = """() =>
  [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0'], [contenteditable=true]")]
    .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true })
      && !one.disabled && one.tabIndex >= 0 && one.getBoundingClientRect().width > 0
      && !window.tabStops.includes(one))
    .map((one) => `${one.localName} ${one.id || one.className} ${one.innerText?.trim().slice(0, 40)}`)
"""


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "explorer.html",
        "search.html",
        "glossary.html",
        "claims.html",
        "reference/schedules.html",
        f"lessons/{LESSONS[0].stem}.html",
        f"lessons/{LESSONS[4].stem}.html",
    ],
)
def test_tab_reaches_everything_and_shows_where_it_is(page: Page, site: Site, name: str) -> None:
    page.goto(site.page(name), wait_until="load")
    stops = tab_through(page, "Tab")
    assert [stop["what"] for stop in stops if not stop["shown"]] == [], "no sign of the focus"
    assert [stop["what"] for stop in stops if not stop["inSight"]] == [], "focus out of sight"
    assert page.evaluate(NOT_REACHED) == []
    assert len(stops) > 5


def test_backwards_nothing_is_hidden_behind_what_stays_in_its_place(page: Page, site: Site) -> None:
    """The bar at the top, and the explorer's chart."""
    page.goto(site.page("explorer.html"), wait_until="load")
    there = tab_through(page, "Tab")
    page.evaluate("() => { window.tabStops = [] }")
    back = tab_through(page, "Shift+Tab")
    assert len(back) >= len(there) - 2
    assert [stop["what"] for stop in back if not stop["inSight"]] == []


def tab_through(page: Page, key: str) -> list[dict]:
    """What gets the focus, until it leaves the page or comes back."""
    stops = []
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        stop = page.evaluate(FOCUS)
        if stop is None:
            return stops
        stops.append(stop)
    raise AssertionError(f"no end after {MOST_TABS} times {key}")
