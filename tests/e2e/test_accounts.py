"""An account from the first page to a forgotten password, by the messages in the mail folder."""

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NARROW, PATIENCE, Site
from tests.e2e.test_accessibility import FAINT_TEXTS, OBSTACLES
from tests.mail import find_links, list_letters

pytestmark = pytest.mark.stack
ADDRESS = "irene@example.org"


def wait_for_link(home: Path, recipient: str, part: str, known: set[str]) -> str:
    """Return the newest link of that kind which a letter to the address holds, and which is not known yet."""
    deadline = time.monotonic() + 4 * PATIENCE / 1000
    while time.monotonic() < deadline:
        letters = [letter for letter in list_letters(home) if letter["To"] == recipient]
        new = {link for letter in letters for link in find_links(letter) if part in link} - known
        if new:
            known |= new
            return new.pop()
        time.sleep(0.1)
    pytest.fail(f"No message with {part} came for {recipient}.")


def assert_usable_now(page: Page) -> None:
    size = page.viewport_size
    page.set_viewport_size(NARROW)
    assert page.evaluate(OBSTACLES) == [], page.url
    assert page.evaluate(FAINT_TEXTS) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert size is not None
    page.set_viewport_size(size)


def sign_in(page: Page, login: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign In").click()


def test_a_person_makes_an_account_and_comes_back_into_it(
    visitor: Page, site: Site, live_stack: Any, tmp_path: Path
) -> None:
    home, known = live_stack.home.root, set[str]()
    visitor.goto("/accounts/login/")
    visitor.get_by_role("link", name="sign up").click()
    visitor.get_by_label("Mail address").fill(ADDRESS)
    visitor.get_by_role("button", name="Send the link").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    expect(visitor.locator("main")).to_contain_text("does not send mail")
    visitor.goto(wait_for_link(home, ADDRESS, "/accounts/signup/", known))
    assert_usable_now(visitor)
    visitor.get_by_label("User name").fill("irene")
    visitor.get_by_label("Name (optional)").fill("Irène Joliot-Curie")
    visitor.get_by_label("Password", exact=True).fill("artificial radioactivity")
    visitor.get_by_label("Password again").fill("artificial radioactivit")
    visitor.get_by_role("button", name="Make the account").click()
    expect(visitor.get_by_role("alert")).to_contain_text("differ")
    assert_usable_now(visitor)
    visitor.get_by_label("Password", exact=True).fill("artificial radioactivity")
    visitor.get_by_label("Password again").fill("artificial radioactivity")
    visitor.get_by_role("button", name="Make the account").click()
    visitor.wait_for_url("**/deposits/")
    visitor.get_by_role("link", name="Account of Irène Joliot-Curie").click()
    expect(visitor.locator("main")).to_contain_text(ADDRESS)
    assert_usable_now(visitor)

    visitor.get_by_label("Another address").fill("joliot@example.org")
    visitor.get_by_role("button", name="Send the link", exact=True).click()
    expect(visitor.locator("main")).to_contain_text("not confirmed yet")
    assert_usable_now(visitor)
    visitor.goto(wait_for_link(home, "joliot@example.org", "/confirm-email/", known))
    assert_usable_now(visitor)
    visitor.get_by_role("button", name="Yes, confirm").click()
    visitor.goto("/accounts/email/")
    expect(visitor.locator("main")).to_contain_text("joliot@example.org")
    expect(visitor.locator("main")).not_to_contain_text(ADDRESS)
    visitor.get_by_role("button", name="Sign out").click()

    visitor.goto("/accounts/login/")
    visitor.get_by_role("link", name="Forgot").click()
    visitor.get_by_label("Mail address").fill("joliot@example.org")
    visitor.get_by_role("button", name="Send the link").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    visitor.goto(wait_for_link(home, "joliot@example.org", "/reset/key/", known))
    assert_usable_now(visitor)
    visitor.get_by_label("New Password", exact=True).fill("a neutron was missed")
    visitor.get_by_label("New Password (again)").fill("a neutron was missed")
    visitor.get_by_role("button", name="Set the password").click()
    visitor.wait_for_load_state("networkidle")
    visitor.context.clear_cookies()
    sign_in(visitor, "joliot@example.org", "a neutron was missed")
    visitor.wait_for_url("**/deposits/")
