"""The schedule explorer in a browser. What it computes is tested in tests/site."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser.pages import Site, watched_page

DESK = {"viewport": {"width": 1280, "height": 900}}
SHOWN = """() => {
  const part = (name) => document.querySelector(`[data-ex=${name}]`);
  return {
    curves: part("chart").innerHTML,
    code: part("code").textContent,
    reading: part("reading").textContent,
    table: part("table").innerText,
    settings: [...document.querySelectorAll("#explorer input, #explorer fieldset select")]
      .map((one) => [one.type, one.value]),
    legends: [...document.querySelectorAll("#explorer legend")].map((one) => one.innerText.trim()),
    hash: location.hash,
  };
}"""


@pytest.fixture
def explorer(browser: Browser, site: Site) -> Iterator[Page]:
    """A fresh explorer; no script may fail in it, and nothing is fetched from elsewhere."""
    with watched_page(browser, site, **DESK) as (page, notes):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(site.page("explorer.html"))
        page.locator("#explorer.ex-ready").wait_for()
        yield page
        assert notes.all() == []


def shown(page: Page) -> dict:
    return page.evaluate(SHOWN)


def sliders(page: Page) -> Locator:
    return page.locator("[data-ex=run] input[type=range], [data-ex=curves] input[type=range]")


def can_move(slider: Locator) -> str:
    """The key that moves a slider away from where it is."""
    at_its_end = slider.evaluate("(one) => Number(one.value) >= Number(one.max)")
    return "PageDown" if at_its_end else "PageUp"


def kinds(page: Page) -> list[str]:
    return page.locator("[data-ex=kinds] option").evaluate_all("(all) => all.map((o) => o.value)")


def press(page: Page, button: Locator) -> None:
    button.focus()
    page.keyboard.press("Enter")


def add(page: Page, kind: str) -> None:
    page.locator("[data-ex=kinds]").select_option(kind)
    press(page, page.locator("[data-ex=add]"))


def test_it_starts_with_curves_and_their_code(explorer: Page) -> None:
    start = shown(explorer)
    assert "<path" in start["curves"] or "<polyline" in start["curves"]
    assert "learning_rate" in start["code"] or "schedule" in start["code"]
    assert start["reading"]


def test_a_slider_drawn_with_the_mouse_changes_curve_code_and_address(explorer: Page) -> None:
    slider = explorer.locator("[data-ex=curves] input[type=range]").first
    slider.evaluate("(one) => one.scrollIntoView({ block: 'end' })")  # the chart stays at the top
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    before = shown(explorer)
    explorer.mouse.move(box["x"] + box["width"] * 0.2, middle)
    explorer.mouse.down()
    explorer.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    explorer.mouse.up()
    after = shown(explorer)
    for part in ("curves", "code", "table", "hash"):
        assert after[part] != before[part], part


def test_every_slider_of_every_schedule_changes_the_picture_and_the_code(explorer: Page) -> None:
    """With the keyboard, from where it stands. What the run sets need not concern every schedule."""
    dead = []
    of_the_run = set()
    names = kinds(explorer)
    assert len(names) >= 8
    for kind in names:
        while explorer.locator(".ex-remove").count():
            explorer.locator(".ex-remove").first.click()
        add(explorer, kind)
        for slider in sliders(explorer).all():
            before = shown(explorer)
            slider.focus()
            explorer.keyboard.press(can_move(slider))
            after = shown(explorer)
            name = slider.evaluate("(one) => one.labels[0].innerText")
            changed = {part for part in before if before[part] != after[part]}
            works = {"code", "hash"} <= changed and changed & {"curves", "table"}
            if slider.evaluate("(one) => Boolean(one.closest('[data-ex=run]'))"):
                of_the_run |= {name} if works else set()
                if name.startswith("Floor"):
                    note = explorer.locator("[data-ex=floor-note]").inner_text()
                    assert bool(note) != bool(works), f"{kind}: below the floor stands {note!r}"
            elif not works:
                dead.append((kind, name, changed))
    assert dead == []
    labels = explorer.locator("[data-ex=run] input[type=range]").evaluate_all(
        "(all) => all.map((one) => one.labels[0].innerText)"
    )
    assert of_the_run == set(labels)


def test_a_copied_link_restores_the_same_picture(
    explorer: Page, browser: Browser, site: Site
) -> None:
    for kind in kinds(explorer)[-2:]:
        add(explorer, kind)
    for number, slider in enumerate(sliders(explorer).all()):
        slider.focus()
        for _ in range(1 + number % 3):
            explorer.keyboard.press(can_move(slider))
    explorer.get_by_label("Vertical axis").select_option("log")
    explorer.get_by_label("Read the rates at step").focus()
    explorer.keyboard.press("PageUp")
    before = shown(explorer)

    press(explorer, explorer.locator("[data-ex=link]"))
    expect(explorer.locator("[data-ex=copied]")).not_to_be_empty()
    link = explorer.evaluate("() => navigator.clipboard.readText()")
    assert link.startswith(site.page("explorer.html#"))
    with watched_page(browser, site, **DESK) as (fresh, notes):
        fresh.goto(link)
        fresh.locator("#explorer.ex-ready").wait_for()
        assert shown(fresh) == before
        assert notes.all() == []


def test_the_copied_code_is_the_code_that_is_shown(explorer: Page) -> None:
    press(explorer, explorer.locator("[data-ex=copy-code]"))
    expect(explorer.locator("[data-ex=copied]")).not_to_be_empty()
    copied = explorer.evaluate("() => navigator.clipboard.readText()")
    assert copied.strip() == shown(explorer)["code"].strip()
    compile(copied, "explorer", "exec")


def test_a_link_that_was_damaged_still_shows_a_picture(browser: Browser, site: Site) -> None:
    with watched_page(browser, site, **DESK) as (page, notes):
        page.goto(site.page("explorer.html#steps=-5&at=x&curves=nosuch:;%%%"))
        page.locator("#explorer.ex-ready").wait_for()
        assert shown(page)["curves"]
        assert notes.all() == []


def test_the_back_button_takes_back_a_move(explorer: Page) -> None:
    before = shown(explorer)
    slider = explorer.locator("[data-ex=curves] input[type=range]").first
    slider.focus()
    explorer.keyboard.press(can_move(slider))
    assert shown(explorer)["curves"] != before["curves"]
    explorer.go_back()
    explorer.wait_for_function(f"(before) => ({SHOWN})().code === before", arg=before["code"])
    assert shown(explorer)["curves"] == before["curves"]


def test_the_rate_is_read_where_the_pointer_is_and_where_the_slider_stands(explorer: Page) -> None:
    before = shown(explorer)["reading"]
    box = explorer.locator("[data-ex=chart]").bounding_box()
    explorer.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.5)
    pointed = shown(explorer)["reading"]
    explorer.get_by_label("Read the rates at step").focus()
    explorer.keyboard.press("Home")
    assert len({before, pointed, shown(explorer)["reading"]}) == 3


def test_the_keyboard_alone_adds_moves_and_removes(explorer: Page) -> None:
    """Only Tab, arrows, Enter and Space."""

    def tab_to(button: Locator) -> None:
        for _ in range(150):
            if button.evaluate("(one) => one === document.activeElement"):
                return
            explorer.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {button}")

    curves = explorer.locator("[data-ex=curves] fieldset")
    count = curves.count()
    tab_to(explorer.locator("[data-ex=kinds]"))
    chosen = explorer.locator("[data-ex=kinds]").input_value()
    explorer.keyboard.press("ArrowDown")
    assert explorer.locator("[data-ex=kinds]").input_value() != chosen
    tab_to(explorer.locator("[data-ex=add]"))
    explorer.keyboard.press("Space")
    assert curves.count() == count + 1
    before = shown(explorer)
    slider = curves.last.locator("input[type=range]").first
    tab_to(slider)
    explorer.keyboard.press("ArrowRight")
    assert shown(explorer)["code"] != before["code"]
    tab_to(curves.last.locator(".ex-remove"))
    explorer.keyboard.press("Enter")
    assert curves.count() == count
    assert explorer.evaluate("() => document.activeElement !== document.body"), "focus is kept"


def test_on_a_phone_it_fits_also_with_many_curves(browser: Browser, site: Site) -> None:
    with watched_page(browser, site, viewport={"width": 390, "height": 844}) as (page, notes):
        page.goto(site.page("explorer.html"))
        page.locator("#explorer.ex-ready").wait_for()
        for kind in kinds(page)[:3]:
            add(page, kind)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert notes.all() == []
