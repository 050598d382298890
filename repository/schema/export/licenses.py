"""Licenses that data can carry, by SPDX identifier."""

import re
from dataclasses import dataclass


class UnknownLicenseError(ValueError):
    """The text cannot be an SPDX identifier."""


@dataclass(frozen=True, slots=True)
class License:
    id: str
    name: str
    deed: str
    """The page that explains it to people."""
    means: str = ""
    """What it lets a reader do, in a sentence."""

    @property
    def url(self) -> str:
        """The SPDX address: the one that every export gives, so that all agree."""
        return f"https://spdx.org/licenses/{self.id}"


_SPDX_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_CREATIVE_COMMONS = "https://creativecommons.org"
_OPEN_DATA_COMMONS = "https://opendatacommons.org/licenses"

LICENSES: dict[str, License] = {
    license_.id: license_
    for license_ in (
        License(
            "CC0-1.0",
            "Creative Commons Zero 1.0 Universal",
            f"{_CREATIVE_COMMONS}/publicdomain/zero/1.0/",
            "Anyone may use the data without conditions; citing them stays good custom.",
        ),
        License(
            "CC-BY-4.0",
            "Creative Commons Attribution 4.0 International",
            f"{_CREATIVE_COMMONS}/licenses/by/4.0/",
            "Anyone may use the data and names you. Most funders and journals ask for this.",
        ),
        License(
            "CC-BY-SA-4.0",
            "Creative Commons Attribution Share Alike 4.0 International",
            f"{_CREATIVE_COMMONS}/licenses/by-sa/4.0/",
            "As CC-BY, and what is made of the data must carry the same licence.",
        ),
        License(
            "CC-BY-NC-4.0",
            "Creative Commons Attribution Non Commercial 4.0 International",
            f"{_CREATIVE_COMMONS}/licenses/by-nc/4.0/",
            "No commercial use: it keeps out companies, and some facilities and teaching.",
        ),
        License(
            "CC-BY-NC-SA-4.0",
            "Creative Commons Attribution Non Commercial Share Alike 4.0 International",
            f"{_CREATIVE_COMMONS}/licenses/by-nc-sa/4.0/",
            "No commercial use, and what is made of the data must carry the same licence.",
        ),
        License(
            "CC-BY-ND-4.0",
            "Creative Commons Attribution No Derivatives 4.0 International",
            f"{_CREATIVE_COMMONS}/licenses/by-nd/4.0/",
            "Nobody may pass on changed data: processing and training cannot be shared.",
        ),
        License(
            "CC-BY-NC-ND-4.0",
            "Creative Commons Attribution Non Commercial No Derivatives 4.0 International",
            f"{_CREATIVE_COMMONS}/licenses/by-nc-nd/4.0/",
            "No commercial use and no changed data: little more than looking.",
        ),
        License(
            "PDDL-1.0",
            "Open Data Commons Public Domain Dedication & License 1.0",
            f"{_OPEN_DATA_COMMONS}/pddl/1-0/",
            "Anyone may use the data without conditions, as with CC0, in words made for databases.",
        ),
        License(
            "ODC-By-1.0",
            "Open Data Commons Attribution License v1.0",
            f"{_OPEN_DATA_COMMONS}/by/1-0/",
            "Anyone may use the data and names you, in words made for databases.",
        ),
        License(
            "ODbL-1.0",
            "Open Data Commons Open Database License v1.0",
            f"{_OPEN_DATA_COMMONS}/odbl/1-0/",
            "Anyone may use the data and names you; databases made of them carry the same licence.",
        ),
        License(
            "CDLA-Permissive-2.0",
            "Community Data License Agreement Permissive 2.0",
            "https://cdla.dev/permissive-2-0/",
            "Anyone may use the data, also to train models, and passes on the licence's text.",
        ),
        License(
            "MIT",
            "MIT License",
            "https://opensource.org/license/mit",
            "Made for programs, not for data: use, change and sell, with the notice kept.",
        ),
        License(
            "Apache-2.0",
            "Apache License 2.0",
            "https://www.apache.org/licenses/LICENSE-2.0",
            "Made for programs, not for data: use, change and sell, with notices and a grant of patents.",
        ),
        License(
            "GPL-3.0-or-later",
            "GNU General Public License v3.0 or later",
            "https://www.gnu.org/licenses/gpl-3.0",
            "Made for programs, not for data: what is made of it must be open too.",
        ),
    )
}


def get_license(spdx_id: str) -> License:
    """Return the license with this SPDX identifier, whatever its case.

    One that is not in the table has its identifier for a name; what cannot be an identifier is refused.
    """
    for license_ in LICENSES.values():
        if license_.id.casefold() == spdx_id.casefold():
            return license_
    if not _SPDX_ID.fullmatch(spdx_id):
        raise UnknownLicenseError(
            f"{spdx_id!r} is not an SPDX license identifier; write one such as CC-BY-4.0"
        )
    return License(spdx_id, spdx_id, f"https://spdx.org/licenses/{spdx_id}")
