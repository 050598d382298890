"""Sharing a deposit: co-owners are named on its page, and nobody learns from it who has an account."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Site, start_deposit

pytestmark = pytest.mark.stack


def test_any_name_can_be_written_but_the_owners(depositor: Page, site: Site) -> None:
    start_deposit(depositor, "Shared with a colleague")
    people = depositor.locator("#people")
    people.locator("summary").click()
    people.get_by_label("User name of a co-owner").fill(site.username)
    people.get_by_role("button", name="Add").click()
    expect(depositor.locator("[data-part=refusal]")).to_contain_text("is the owner")
    people.get_by_label("User name of a co-owner").fill("nobody-of-this-name")
    with depositor.expect_navigation():
        people.get_by_role("button", name="Add").click()
    people.locator("summary").click()
    expect(people.get_by_role("button", name="Remove nobody-of-this-name")).to_be_visible()
    expect(people).to_contain_text("Names are not looked up")


def test_no_click_is_lost_while_the_script_of_the_buttons_is_on_its_way(depositor: Page, site: Site) -> None:
    """On a slow line, or a busy machine, the buttons stand there before anything listens to them."""
    start_deposit(depositor, "Clicked early")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    depositor.route("**/deposit-actions*.js", hold)
    with depositor.expect_request("**/deposit-actions*.js"):
        depositor.reload(wait_until="commit")
    people = depositor.locator("#people")
    people.locator("summary").click()
    add = people.get_by_role("button", name="Add")
    expect(add).to_have_css("pointer-events", "none")
    people.get_by_label("User name of a co-owner").fill(site.username)
    (route,) = held
    route.continue_()
    add.click()
    expect(depositor.locator("[data-part=refusal]")).to_contain_text("is the owner")
