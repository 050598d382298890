"""Everybody can use the pages: by keyboard, on a phone, with a screen reader, in light and dark."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import NARROW, Site, sign_in, start_deposit
from tests.programs import open_context

pytestmark = pytest.mark.stack

PUBLIC = (
    "/",
    "/search",
    "/search?acceleration_voltage_min=1000",
    "/about",
    "/docs/schema",
    "/docs/recipes",
    "/docs/exports",
    "/help",
    "/help?q=reviewer+link",
    "/help?q=no+such+words+anywhere",
    "/help/depositor",
    "/help/fields/beam",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/confirm-email/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/nothing-here",
)
SIGNED_IN = (
    "/deposits/",
    "/deposits/new",
    "/tokens",
    "/groups/",
    "/profile",
    "/accounts/email/",
    "/accounts/password/change/",
)

# What a screen reader would stumble over.
OBSTACLES = """() => {
  const found = [];
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const nameOf = (element) =>
    element.getAttribute("aria-label") || element.textContent.trim() || element.getAttribute("title") || "";
  if (document.documentElement.lang !== "en") found.push("the page names no language");
  if (document.querySelectorAll("h1").length !== 1) found.push("not exactly one first heading");
  if (document.querySelectorAll("main").length !== 1) found.push("not exactly one main part");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids.filter((each, at) => ids.indexOf(each) !== at)) found.push(`the id ${id} stands twice`);
  for (const input of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const named = input.labels.length > 0 || input.getAttribute("aria-label");
    if (isShown(input) && !named) found.push(`no label: ${input.outerHTML.slice(0, 120)}`);
  }
  for (const control of document.querySelectorAll("a, button")) {
    if (isShown(control) && !nameOf(control)) found.push(`no name: ${control.outerHTML.slice(0, 120)}`);
  }
  for (const image of document.querySelectorAll("img:not([alt])")) found.push(`no alt: ${image.src}`);
  return found;
}"""

# WCAG 2.2 contrast of each visible text against the nearest opaque background.
FAINT_TEXTS = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const channel = (value) => (value <= 10.31 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const background = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const isText = node.textContent.trim() && !["SCRIPT", "STYLE", "OPTION"].includes(element.tagName);
    if (!isText || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest(":disabled, [aria-disabled=true]")) continue;
    const [one, other] = [parse(getComputedStyle(element).color), background(element)].map(luminance);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 60)}`);
  }
  return found;
}"""


def assert_usable(page: Page, address: str) -> None:
    page.goto(address)
    assert page.evaluate(OBSTACLES) == [], address
    assert page.evaluate(FAINT_TEXTS) == [], address
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{address} is {overflow} pixels too wide"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_readable_on_a_phone(chromium: Browser, site: Site, scheme: Any) -> None:
    context = open_context(chromium, base_url=site.url, viewport=NARROW, color_scheme=scheme)
    page = context.new_page()
    for address in PUBLIC:
        assert_usable(page, address)
    sign_in(page, site)
    for address in SIGNED_IN:
        assert_usable(page, address)
    identifier = start_deposit(page, "A title long enough to need more than one line on a phone")
    assert_usable(page, f"/deposits/{identifier}")
    context.close()


def test_the_keyboard_alone_signs_in_and_starts_a_deposit(visitor: Page, site: Site) -> None:
    visitor.goto("/accounts/login/")
    visitor.keyboard.press("Tab")
    skip = visitor.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    visitor.keyboard.press("Enter")
    for _ in range(12):
        if visitor.get_by_label("Login").evaluate("input => input === document.activeElement"):
            break
        visitor.keyboard.press("Tab")
    visitor.keyboard.type(site.username)
    visitor.keyboard.press("Tab")
    visitor.keyboard.type(site.password)
    visitor.keyboard.press("Enter")
    visitor.wait_for_url("**/deposits/")
    visitor.goto("/deposits/new")
    expect(visitor.get_by_label("Title")).to_be_focused()
    visitor.keyboard.type("By keyboard")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("By keyboard")


def test_search_works_without_scripts(chromium: Browser, site: Site) -> None:
    context = open_context(chromium, base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/search")
    page.get_by_label("Acceleration voltage from").fill("1000")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Nothing matches all of this")).to_be_visible()
    context.close()


def wait_for_island(visitor: Page) -> None:
    """Wait until the search listens; a function asked again and again is forbidden by the policy of the page."""
    visitor.locator("stemma-search-filters:defined").wait_for(state="attached")


def test_search_asks_again_after_each_choice_and_keeps_the_address_short(visitor: Page) -> None:
    visitor.goto("/search")
    # Before the island is there the form works too, with a longer address.
    wait_for_island(visitor)
    field = visitor.get_by_label("Acceleration voltage from")
    field.fill("1000")
    field.press("Tab")
    expect(visitor.get_by_role("heading", name="Nothing matches all of this")).to_be_visible()
    query = visitor.url.split("?")[1]
    assert query == "acceleration_voltage_min=1000&acceleration_voltage_unit=kV"


def test_the_keyboard_stays_on_the_value_that_was_ticked(visitor: Page) -> None:
    visitor.goto("/search")
    wait_for_island(visitor)
    facet = visitor.locator("#facet-elements")
    facet.locator("summary").focus()
    visitor.keyboard.press("Enter")
    expect(facet).to_have_attribute("open", "")
    value = facet.get_by_role("checkbox").last
    name = value.get_attribute("value")
    value.focus()
    for ticked in (True, False):
        with visitor.expect_response("**/search**"):
            visitor.keyboard.press("Space")
        wanted = f"elements={name}"
        address = re.compile(re.escape(wanted)) if ticked else re.compile(f"^(?!.*{re.escape(wanted)})")
        expect(visitor).to_have_url(address)
        again = facet.locator(f'input[value="{name}"]')
        expect(again).to_be_focused()
        expect(again).to_be_checked(checked=ticked)
        expect(facet).to_have_attribute("open", "")
