"""The pages in a real Chromium: as people use them, by mouse and by keyboard, in both themes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from vigie.history.users import Role
from vigie.web.auth.first import first_administrator
from vigie.web.serve import Server, listen

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = (Path(__file__).parent / "vendored" / "axe.min.js").read_text(encoding="utf-8")
PASSWORD = "correct horse battery staple"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en-US",
]  # fmt: skip
WATCH_CSP = """
document.addEventListener("securitypolicyviolation", (violation) => {
  console.error("CSP " + violation.violatedDirective + " " + violation.blockedURI);
});
"""


@dataclass
class Visitor:
    """A person at a browser. Whatever the browser complains about, and whatever leaves this machine, is noted."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def log_in(self, name: str, password: str = PASSWORD) -> None:
        self.go("/login")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()

    def press(self, *keys: str) -> None:
        self.page.wait_for_selector("#theme:not([hidden])")  # our script runs
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, text: str) -> None:
        """Reach what has this accessible text with the Tab key alone."""
        for _ in range(120):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(
                "() => { const e = document.activeElement;"
                " return (e.labels?.[0]?.innerText || e.getAttribute('aria-label') || e.innerText || '').trim() }"
            )
            if focused.startswith(text):
                return
        raise AssertionError(f"the Tab key does not reach {text!r}")

    def inaccessible(self, *rules: str) -> list[str]:
        """What axe-core finds wrong with the page: WCAG 2.2 A and AA and best practice, or only these rules of it."""
        self.page.evaluate(AXE)
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": list(rules)}
        found = self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{violation['id']}: {violation['help']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def served(app: Any) -> Iterator[Server]:
    with Server(app, listen("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def visit(chromium: Browser, served: Server) -> Iterator[Callable[..., Visitor]]:
    """Opens a browser window; at the end, nothing may have been complained about."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def open_window(**options: Any) -> Visitor:
        context = chromium.new_context(timezone_id="Europe/Paris", locale="en-US", **options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_init_script(WATCH_CSP)
        page = context.new_page()
        visitor = Visitor(page, served.address)
        visitors.append(visitor)

        def heard(message: ConsoleMessage) -> None:
            # a refused form is answered with 401 or 422, which Chromium reports as an error of the network
            if message.type in ("error", "warning") and "the server responded with a status" not in message.text:
                visitor.complaints.append(f"{message.type}: {message.text}")

        def asked(request: Request) -> None:
            if not request.url.startswith(served.address):
                visitor.complaints.append(f"leaves this machine: {request.url}")

        page.on("console", heard)
        page.on("pageerror", lambda error: visitor.complaints.append(f"script: {error}"))
        page.on("request", asked)
        return visitor

    yield open_window
    for context in contexts:
        context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
def administrator(visit: Callable[..., Visitor], person: Any) -> Callable[..., Visitor]:
    """A window with an administrator logged in."""

    def open_window(**options: Any) -> Visitor:
        person(Role.ADMIN)
        visitor = visit(**options)
        visitor.log_in("admin")
        expect(visitor.page.get_by_role("heading", name="Overview")).to_be_visible()
        return visitor

    return open_window


def test_the_first_login_with_the_one_time_password(visit: Callable[..., Visitor], estate: Any, clock: Any) -> None:
    made = first_administrator(estate.history, clock())
    assert made is not None
    visitor = visit()
    visitor.go("/findings")
    page = visitor.page
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    page.get_by_label("Password").fill(made.password)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", name="Change your password")).to_be_visible()
    page.get_by_label("Password until now").fill(made.password)
    page.get_by_label("New password at least").fill(PASSWORD)
    page.get_by_label("New password, again").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_browsing_from_the_overview_to_a_difference(administrator: Callable[..., Visitor]) -> None:
    visitor = administrator()
    page = visitor.page
    page.get_by_role("link", name="Resources", exact=True).click()
    page.get_by_role("navigation", name="Narrow down").get_by_role("link", name="EC2 SecurityGroup").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="web", exact=True).click()
    expect(page.get_by_role("heading", name="web", exact=True)).to_be_visible()
    expect(page.locator(".diff ins").first).to_contain_text("0.0.0.0/0")
    page.get_by_role("link", name="revision 1").click()
    expect(page.get_by_role("status")).to_contain_text("This is revision 1 of 2")
    page.get_by_label("Compare").select_option("1")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("/IpPermissions[tcp,22,22]")).to_be_visible()


def test_going_back_in_time(administrator: Callable[..., Visitor], estate: Any) -> None:
    visitor = administrator()
    visitor.go(f"/resources/{estate.pks['sg-0a1b2c3d4e5f60718']}")
    visitor.page.get_by_label("As it was at (UTC)").fill("2026-11-18T12:00:00")
    visitor.page.get_by_role("button", name="Show").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("As it was at 2026-11-18 12:00:00 UTC: exact")


def test_searching_by_keyboard_alone(administrator: Callable[..., Visitor]) -> None:
    visitor = administrator()
    visitor.press("/")
    visitor.page.keyboard.type("alice")
    visitor.press("Enter")
    expect(visitor.page.get_by_role("heading", name="alice")).to_be_visible()
    visitor.press("g", "c")
    expect(visitor.page.get_by_role("heading", name="Changes")).to_be_visible()
    visitor.press("j", "j", "k")
    expect(visitor.page.locator("[data-row]").first).to_be_focused()
    visitor.press("Enter")
    expect(visitor.page.get_by_role("heading", name="Configuration")).to_be_visible()


def test_justifying_and_withdrawing_by_keyboard_alone(administrator: Callable[..., Visitor], estate: Any) -> None:
    visitor = administrator()
    visitor.press("g", "f")
    expect(visitor.page.get_by_role("heading", name="Findings", exact=True)).to_be_visible()
    visitor.press("j", "j", "Enter")  # the first is one that could not be decided
    expect(visitor.page.get_by_role("heading", name="S3 bucket is open to everyone")).to_be_visible()
    visitor.tab_to("Reason")
    visitor.page.keyboard.type("the company's public web site")
    visitor.tab_to("Until")
    visitor.page.keyboard.type("01312027")
    visitor.tab_to("Justify")
    visitor.press("Enter")
    expect(visitor.page.get_by_text("the company's public web site").first).to_be_visible()
    expect(visitor.page.locator(".title .mark.justified")).to_be_visible()
    given = estate.history.findings.get(estate.findings["public"]).justification
    assert given.author == "admin" and given.expires_at.date().isoformat() == "2027-01-31"
    visitor.tab_to("Withdraw")
    visitor.press("Enter")
    expect(visitor.page.locator(".title .mark.open")).to_be_visible()


def test_the_skip_link_and_the_list_of_keys(administrator: Callable[..., Visitor]) -> None:
    visitor = administrator()
    visitor.go("/resources")
    visitor.press("Tab")
    expect(visitor.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    visitor.press("Enter")
    expect(visitor.page.locator("main")).to_be_focused()
    visitor.press("?")
    expect(visitor.page.get_by_role("dialog", name="Keys")).to_be_visible()
    visitor.press("Escape")
    expect(visitor.page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_theme_follows_the_system_and_then_the_person(administrator: Callable[..., Visitor]) -> None:
    visitor = administrator(color_scheme="dark")
    page = visitor.page
    background = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(14, 18, 22)"
    page.get_by_role("button", name="Use the light theme").click()
    assert page.evaluate(background) == "rgb(245, 246, 247)"
    page.reload()
    assert page.evaluate(background) == "rgb(245, 246, 247)", "the choice is kept"


def test_hostile_names_are_harmless(administrator: Callable[..., Visitor], estate: Any) -> None:
    visitor = administrator()
    pk = next(pk for id, pk in estate.pks.items() if id.startswith("<img"))
    pages = [
        "/",
        "/resources",
        f"/resources/{pk}",
        "/changes",
        "/past?at=2026-01-20T00:00",
        "/findings",
        f"/findings/{estate.findings['hostile']}",
    ]
    for path in [*pages, f"/resources/{estate.pks['invoices']}", "/search?q=%3Cimg"]:
        visitor.go(path)
        text = visitor.page.content()
        assert "<img src=x" not in text, path
        assert "\u202e" not in text and "\x1b" not in text, path
        assert visitor.page.title().endswith("· vigie"), path
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("⟨U+202E⟩gpj.exe")


PAGES = [
    "/", "/resources", "/resources/{web}", "/resources/{web}/revisions/1", "/resources/{web}/diff?from=1&to=2",
    "/resources/{landing}", "/changes", "/findings", "/findings/{public}", "/coverage", "/accounts", "/rules",
    "/rules/s3-bucket-public", "/settings", "/search?q=o", "/password", "/nothing",
]  # fmt: skip


# what the theme does not change is checked once
@pytest.mark.parametrize(("theme", "rules"), [("light", ()), ("dark", ("color-contrast", "link-in-text-block"))])
def test_every_page_is_accessible(
    administrator: Callable[..., Visitor], estate: Any, theme: str, rules: tuple[str, ...]
) -> None:
    visitor = administrator(color_scheme=theme)
    numbers = {
        "web": estate.pks["sg-0a1b2c3d4e5f60718"],
        "landing": estate.pks["acme-analytics-landing-zone-with-a-rather-long-name"],
        "public": estate.findings["public"],
    }
    wrong = {}
    for path in PAGES:
        visitor.go(path.format(**numbers))
        found = visitor.inaccessible(*rules)
        if found:
            wrong[path] = found
    assert not wrong, json.dumps(wrong, indent=1)


def test_the_login_page_is_accessible(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.go("/login")
    assert visitor.inaccessible() == []


def test_no_page_is_wider_than_a_small_screen(administrator: Callable[..., Visitor], estate: Any) -> None:
    visitor = administrator(viewport={"width": 360, "height": 800})
    for path in PAGES:
        visitor.go(path.format(web=estate.pks["sg-0a1b2c3d4e5f60718"], landing=1, public=estate.findings["public"]))
        assert visitor.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), path


def test_every_page_works_without_scripts(administrator: Callable[..., Visitor], estate: Any) -> None:
    visitor = administrator(java_script_enabled=False)
    visitor.go("/findings?status=open")
    visitor.page.get_by_role("link", name="S3 bucket is open to everyone").click()
    visitor.page.get_by_label("Reason").fill("a web site")
    visitor.page.get_by_role("button", name="Justify").click()
    expect(visitor.page.locator(".title .mark.justified")).to_be_visible()
