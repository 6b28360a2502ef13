"""The built pages, served from this machine, and what a browser notes while it shows them."""

import contextlib
import functools
import http.server
import os
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conftest import PROJECT
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

AUDIT = (Path(__file__).parent / "page_audit.js").read_text()
SECONDS_TO_BUILD = 300
SECONDS_TO_SHOW = 120  # a page, on a machine that is busy


@dataclass(frozen=True)
class Site:
    """A folder of pages and the address at which they are served."""

    folder: Path
    address: str

    def page(self, name: str) -> str:
        return f"{self.address}/{name}"

    def names(self) -> list[str]:
        """All pages, such as ``lessons/index.html``."""
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*.html"))
        return sorted(path.as_posix() for path in found if path.parts[0] != "_static")


def make_site(folder: Path) -> Path:
    """`make site` into a folder that is made for it; PAGES names pages that are built already."""
    if built := os.environ.get("PAGES"):
        return (PROJECT / built).resolve()
    pages = folder / "the pages"
    done = subprocess.run(
        ["make", "site", f"SITE_OPTIONS=--out '{pages}'"],
        cwd=PROJECT, capture_output=True, text=True, timeout=SECONDS_TO_BUILD,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return pages


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Site]:
    """A web server on a free port of this machine."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Site(folder, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Notes:
    """What must not happen while pages are shown."""

    requests_elsewhere: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        return [*self.requests_elsewhere, *self.refused, *self.errors]


def watch(page: Page, site: Site) -> Notes:
    """Note every request that leaves the site, every answer that is an error, every error of a script."""
    notes = Notes()

    def on_request(request: Request) -> None:
        if not request.url.startswith((f"{site.address}/", "data:", "blob:")):
            notes.requests_elsewhere.append(request.url)

    def on_response(response: Response) -> None:
        if response.status >= 400:
            notes.refused.append(f"{response.status} {response.url}")

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            notes.errors.append(f"{page.url}: {message.text}")

    page.on("request", on_request)
    page.on("response", on_response)
    page.on("console", on_console)
    page.on("pageerror", lambda error: notes.errors.append(f"{page.url}: {error}"))
    return notes


@contextlib.contextmanager
def watched_page(browser: Browser, site: Site, **options: object) -> Iterator[tuple[Page, Notes]]:
    """A page in a context of its own, and the notes about it."""
    context = browser.new_context(**options)
    context.set_default_timeout(SECONDS_TO_SHOW * 1000)
    page = context.new_page()
    try:
        yield page, watch(page, site)
    finally:
        context.close()


# What the browser found on each page (see page_audit.js), and what it noted meanwhile.
Survey = tuple[dict[str, dict], Notes]


def look_at_every_page(browser: Browser, site: Site, **options: object) -> Survey:
    with watched_page(browser, site, **options) as (page, notes):
        found = {}
        for name in site.names():
            page.goto(site.page(name), wait_until="load")
            found[name] = page.evaluate(AUDIT)
    return found, notes


def dead_links(survey: Survey, site: Site) -> list[tuple[str, str]]:
    """Page and address of every link to a page, or to a place in a page, that is not there."""
    pages, _ = survey
    dead = set()
    for name, page in pages.items():
        for link in page["links"]:
            parts = urllib.parse.urlsplit(link)
            target = urllib.parse.unquote(parts.path).lstrip("/")
            target = f"{target}index.html" if not target or target.endswith("/") else target
            anchor = urllib.parse.unquote(parts.fragment)
            if not (site.folder / target).is_file() or (
                target in pages and anchor and anchor not in pages[target]["ids"]
            ):
                dead.add((name, link))
    return sorted(dead)
