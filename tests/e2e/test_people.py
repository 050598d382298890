"""Sharing a deposit: co-owners by name, of whom nobody learns who has an account, and links for reviewers."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.conftest import Site, start_deposit
from tests.programs import open_context

pytestmark = pytest.mark.stack


def test_any_name_can_be_written_but_the_owners(depositor: Page, site: Site) -> None:
    start_deposit(depositor, "Shared with a colleague")
    depositor.get_by_role("link", name="Co-owners, links").click()
    depositor.get_by_text("Or write a user name").click()
    depositor.get_by_label("User name").fill(site.username)
    depositor.get_by_role("button", name="Add").click()
    expect(depositor.get_by_role("alert")).to_contain_text("is the owner")
    depositor.get_by_text("Or write a user name").click()
    depositor.get_by_label("User name").fill("nobody-of-this-name")
    depositor.get_by_role("button", name="Add").click()
    expect(depositor.get_by_label("What nobody-of-this-name may do")).to_have_value("edit")
    depositor.get_by_text("Take off nobody-of-this-name").click()
    depositor.get_by_role("button", name="Take nobody-of-this-name off").click()
    expect(depositor.get_by_role("status")).to_contain_text("no more")


def test_a_reviewer_reads_by_a_link_until_it_is_ended(depositor: Page, chromium: Browser) -> None:
    start_deposit(depositor, "Read by a stranger")
    draft = depositor.url
    depositor.get_by_role("link", name="Co-owners, links").click()
    depositor.get_by_label("For whom").fill("Reviewers of the journal")
    depositor.get_by_role("button", name="Make a link").click()
    link = depositor.locator("#new-link").inner_text()
    context = open_context(chromium)
    stranger = context.new_page()
    stranger.goto(link)
    expect(stranger).to_have_url(draft)
    expect(stranger.get_by_role("heading", level=1)).to_have_text("Read by a stranger")
    expect(stranger.get_by_text("You read this draft by a link")).to_be_visible()
    depositor.goto(depositor.url)  # a reload would send the form again, and make a second link
    depositor.get_by_text("End the link for Reviewers of the journal").first.click()
    depositor.get_by_role("button", name="End the link for").click()
    expect(depositor.get_by_text("ended by you")).to_be_visible()
    stranger.goto(link)
    expect(stranger.get_by_text("not any more")).to_be_visible()
    context.close()


def test_no_click_is_lost_while_the_script_of_the_buttons_is_on_its_way(depositor: Page) -> None:
    """On a slow line, or a busy machine, the buttons stand there before anything listens to them."""
    start_deposit(depositor, "Clicked early")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    depositor.route("**/deposit-actions*.js", hold)
    with depositor.expect_request("**/deposit-actions*.js"):
        depositor.reload(wait_until="commit")
    delete = depositor.get_by_role("button", name="Delete this draft")
    expect(delete).to_have_css("pointer-events", "none")
    (route,) = held
    route.continue_()
    delete.click()
    expect(depositor).to_have_url(re.compile("/deposits/$"))
