"""An account from the first page to a forgotten password, by the messages in the mail folder."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NARROW
from tests.e2e.test_accessibility import FAINT_TEXTS, OBSTACLES
from tests.mail import find_links, list_letters
from tests.patience import wait_until

pytestmark = pytest.mark.stack
# Of this test alone: an invitation that another test sends to the same person names the page of sign-up too.
ADDRESS, NEXT_ADDRESS = f"{uuid4().hex}@example.org", f"{uuid4().hex}@example.org"
NEXT_PASSWORD = "a neutron was missed"


def wait_for_link(home: Path, recipient: str, part: str, known: set[str]) -> str:
    """Return the newest link of that kind which a letter to the address holds, and which is not known yet."""

    def find_new() -> set[str]:
        letters = [letter for letter in list_letters(home) if letter["To"] == recipient]
        return {link for letter in letters for link in find_links(letter) if part in link} - known

    new = wait_until(find_new, f"no message with {part} came for {recipient}", seconds=120)
    known |= new
    return new.pop()


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


def start_account(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_role("link", name="sign up").click()
    page.get_by_label("Mail address").fill(ADDRESS)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    expect(page.locator("main")).to_contain_text("does not send mail")


def finish_account(page: Page, link: str) -> None:
    page.goto(link)
    assert_usable_now(page)
    page.get_by_label("User name").fill("irene")
    page.get_by_label("Name (optional)").fill("Irène Joliot-Curie")
    page.get_by_label("Password", exact=True).fill("artificial radioactivity")
    page.get_by_label("Password again").fill("artificial radioactivit")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("alert")).to_contain_text("differ")
    assert_usable_now(page)
    page.get_by_label("Password", exact=True).fill("artificial radioactivity")
    page.get_by_label("Password again").fill("artificial radioactivity")
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url("**/deposits/")


def ask_for_another_address(page: Page) -> None:
    page.get_by_role("link", name="Account of Irène Joliot-Curie").click()
    expect(page.locator("main")).to_contain_text(ADDRESS)
    assert_usable_now(page)
    page.get_by_label("Another address").fill(NEXT_ADDRESS)
    page.get_by_role("button", name="Send the link", exact=True).click()
    expect(page.locator("main")).to_contain_text("not confirmed yet")
    assert_usable_now(page)


def confirm_address(page: Page, link: str) -> None:
    page.goto(link)
    assert_usable_now(page)
    page.get_by_role("button", name="Yes, confirm").click()
    page.goto("/accounts/email/")
    expect(page.locator("main")).to_contain_text(NEXT_ADDRESS)
    expect(page.locator("main")).not_to_contain_text(ADDRESS)


def ask_for_new_password(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot").click()
    page.get_by_label("Mail address").fill(NEXT_ADDRESS)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")


def choose_password(page: Page, link: str) -> None:
    page.goto(link)
    assert_usable_now(page)
    page.get_by_label("New Password", exact=True).fill(NEXT_PASSWORD)
    page.get_by_label("New Password (again)").fill(NEXT_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator("main")).to_contain_text("Password successfully changed")


def test_a_person_makes_an_account_and_comes_back_into_it(visitor: Page, live_stack: Any) -> None:
    home, known = live_stack.home.root, set[str]()
    start_account(visitor)
    finish_account(visitor, wait_for_link(home, ADDRESS, "/accounts/signup/", known))
    ask_for_another_address(visitor)
    confirm_address(visitor, wait_for_link(home, NEXT_ADDRESS, "/confirm-email/", known))
    visitor.get_by_role("button", name="Sign out").click()
    ask_for_new_password(visitor)
    choose_password(visitor, wait_for_link(home, NEXT_ADDRESS, "/reset/key/", known))
    visitor.context.clear_cookies()
    sign_in(visitor, NEXT_ADDRESS, NEXT_PASSWORD)
    visitor.wait_for_url("**/deposits/")
