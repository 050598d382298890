"""Sharing a deposit: co-owners are named on its page, and a name that cannot be one is explained."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site, start_deposit

pytestmark = pytest.mark.stack


def test_a_name_that_cannot_be_a_co_owner_is_explained(depositor: Page, site: Site) -> None:
    start_deposit(depositor, "Shared with a colleague")
    people = depositor.locator("#people")
    for name, answer in (
        ("nobody-of-this-name", "There is no account named"),
        (site.username, "is the owner"),
    ):
        people.get_by_label("User name of a co-owner").fill(name)
        people.get_by_role("button", name="Add").click()
        expect(depositor.locator("[data-part=refusal]")).to_contain_text(answer)
