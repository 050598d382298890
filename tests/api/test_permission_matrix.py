"""Who gets which answer, for every address: role x state x endpoint, as one table.

A route of the API, of the byte service or of the pages that stands in no line makes the first test fail.
"""

import base64
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from api.byte_service.routes import list_byte_routes
from api.v1.exports import document_path
from repository.exports.declaration import (
    DatasetExport,
    Export,
    MeasurementExport,
    ProductExport,
    StreamedExport,
)
from repository.exports.registry import list_exports
from repository.models import Deposit, Group, Job, Measurement, Membership
from repository.schema.identifiers import generate_id
from tests.api.conftest import WebClient, as_token, make_token
from tests.api.lines import KEPT_AUDIENCES, Line, list_byte_lines, read_table
from tests.api.worlds import ASKED_STATES, PENDING, STATES, World, build_world, gather_people

# States: d draft, r ready, o published open, e published under embargo, w withdrawn; `*` all of them.
# `ready` deposits are read and checked; to a stranger they are drafts.
# Byte routes stand in no line: theirs are made from what they declare and from the table of audiences in `lines.py`.
# Columns: stranger (no account), other (a depositor), owner, co-owner (who may publish), viewer and editor (co-owners
# who may look, and change the draft), curator, admin,
# reader (a token of the owner that may only read), expired (an expired token of the owner).
API = """
method route                                                  state str oth own co  vie edi cur adm rea exp
GET    /api/v1/account/                                       *     401 200 200 200 200 200 200 200 200 401
PATCH  /api/v1/account/                                       *     401 200 200 200 200 200 200 200 403 401
GET    /api/v1/tokens/                                        *     401 401 401 401 401 401 401 401 401 401
POST   /api/v1/tokens/                                        *     401 401 401 401 401 401 401 401 401 401
DELETE /api/v1/tokens/{key}/                                  *     401 401 401 401 401 401 401 401 401 401
GET    /api/v1/deposits/                                      *     401 200 200 200 200 200 200 200 200 401
POST   /api/v1/deposits/                                      d     401 201 201 201 201 201 201 201 403 401
GET    /api/v1/deposits/{deposit_id}/                         *     401 404 200 200 200 200 200 200 200 401
PATCH  /api/v1/deposits/{deposit_id}/                         dr    401 404 200 200 403 200 403 200 403 401
PATCH  /api/v1/deposits/{deposit_id}/                         oew   401 404 409 409 403 409 403 409 403 401
DELETE /api/v1/deposits/{deposit_id}/                         dr    401 404 204 204 403 403 403 204 403 401
DELETE /api/v1/deposits/{deposit_id}/                         oew   401 404 409 409 403 403 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/submit/                  d     401 404 409 409 403 409 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/submit/                  r     401 404 202 202 403 202 403 202 403 401
POST   /api/v1/deposits/{deposit_id}/submit/                  oew   401 404 409 409 403 409 403 409 403 401
GET    /api/v1/deposits/{deposit_id}/arrived/                 *     401 404 200 200 200 200 200 200 200 401
POST   /api/v1/deposits/{deposit_id}/fates/                   dr    401 404 200 200 403 200 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/fates/                   oew   401 404 409 409 403 409 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/grouping/                d     401 404 409 409 403 409 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/grouping/                r     401 404 200 200 403 200 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/grouping/                oew   401 404 409 409 403 409 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/roles/                   dr    401 404 422 422 403 422 403 422 403 401
POST   /api/v1/deposits/{deposit_id}/roles/                   oew   401 404 409 409 403 409 403 409 403 401
GET    /api/v1/deposits/{deposit_id}/identifying/             *     401 404 200 200 200 200 200 200 200 401
POST   /api/v1/deposits/{deposit_id}/identifying/             dr    401 404 404 404 403 404 403 404 403 401
POST   /api/v1/deposits/{deposit_id}/identifying/             oew   401 404 404 404 403 404 403 404 403 401
GET    /api/v1/deposits/{deposit_id}/validation/              *     401 404 200 200 200 200 200 200 200 401
POST   /api/v1/deposits/{deposit_id}/techniques/              dr    401 404 200 200 403 200 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/techniques/              oew   401 404 409 409 403 409 403 409 403 401
GET    /api/v1/deposits/{deposit_id}/table/                   *     401 404 200 200 200 200 200 200 200 401
PATCH  /api/v1/deposits/{deposit_id}/table/                   dr    401 404 200 200 403 200 403 200 403 401
PATCH  /api/v1/deposits/{deposit_id}/table/                   oew   401 404 409 409 403 409 403 409 403 401
GET    /api/v1/deposits/{deposit_id}/table/sheet/             *     401 404 200 200 200 200 200 200 200 401
POST   /api/v1/deposits/{deposit_id}/table/sheet/             dr    401 404 200 200 403 200 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/table/sheet/             oew   401 404 409 409 403 409 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/table/names/             dr    401 404 200 200 403 200 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/table/names/             oew   401 404 409 409 403 409 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/table/changes/{change_id}/undo/ dr 401 404 200 200 403 200 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/table/changes/{change_id}/undo/ oew 401 404 409 409 403 409 403 409 403 401
GET    /api/v1/deposits/{deposit_id}/progress/                *     401 404 200 200 200 200 200 200 200 401
POST   /api/v1/deposits/{deposit_id}/progress/stop/           *     401 404 409 409 403 409 403 409 403 401
GET    /api/v1/deposits/{deposit_id}/offers/                  *     401 404 200 200 200 200 200 200 200 401
POST   /api/v1/deposits/{deposit_id}/offers/                  dr    401 404 200 200 403 404 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/offers/                  oew   401 404 409 409 403 404 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/calibrations/            dr    401 404 200 200 403 404 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/calibrations/            oew   401 404 409 409 403 404 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/publish/                 d     401 404 409 409 403 403 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/publish/                 r     401 404 200 200 403 403 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/publish/                 oew   401 404 409 409 403 403 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/new-version/             dr    401 404 409 409 403 409 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/new-version/             oew   401 404 200 200 403 200 403 200 403 401
POST   /api/v1/deposits/{deposit_id}/discard-version/         *     401 404 409 409 403 403 403 409 403 401
POST   /api/v1/deposits/{deposit_id}/members/                 *     401 404 200 200 403 403 403 200 403 401
DELETE /api/v1/deposits/{deposit_id}/members/{username}/      *     401 404 204 204 403 403 403 204 403 401
GET    /api/v1/deposits/{deposit_id}/sharing/                 *     401 404 200 200 403 403 403 200 200 401
POST   /api/v1/deposits/{deposit_id}/invitations/             *     401 404 201 201 403 403 403 201 403 401
DELETE /api/v1/deposits/{deposit_id}/invitations/{invitation_id}/ * 401 404 204 204 403 403 403 204 403 401
POST   /api/v1/deposits/{deposit_id}/links/                   *     401 404 201 201 403 403 403 201 403 401
DELETE /api/v1/deposits/{deposit_id}/links/{link_id}/         *     401 404 204 204 403 403 403 204 403 401
POST   /api/v1/deposits/{deposit_id}/group/                   *     401 404 200 200 403 403 403 200 403 401
DELETE /api/v1/deposits/{deposit_id}/group/                   *     401 404 204 204 403 403 403 204 403 401
DELETE /api/v1/deposits/{deposit_id}/files/{path}             dr    401 404 204 204 403 204 403 204 403 401
DELETE /api/v1/deposits/{deposit_id}/files/{path}             oew   401 404 409 409 403 409 403 409 403 401
GET    /api/v1/groups/                                        d     401 200 200 200 200 200 200 200 200 401
POST   /api/v1/groups/                                        d     401 201 201 201 201 201 201 201 403 401
GET    /api/v1/groups/{group_id}/                             d     401 404 200 200 404 404 200 200 200 401
PATCH  /api/v1/groups/{group_id}/                             d     401 404 200 403 404 404 403 200 403 401
DELETE /api/v1/groups/{group_id}/                             d     401 404 204 403 404 404 403 204 403 401
PATCH  /api/v1/groups/{group_id}/members/{username}/          d     401 404 200 403 404 404 403 200 403 401
DELETE /api/v1/groups/{group_id}/members/{username}/          d     401 404 204 204 404 404 403 204 403 401
POST   /api/v1/groups/{group_id}/invitations/                 d     401 404 201 403 404 404 403 201 403 401
DELETE /api/v1/groups/{group_id}/invitations/{invitation_id}/ d     401 404 204 403 404 404 403 204 403 401
GET    /api/v1/invitations/                                   d     401 200 200 200 200 200 200 200 200 401
GET    /api/v1/invitations/{invitation_id}/                   d     401 404 404 404 404 404 404 404 404 401
POST   /api/v1/invitations/{invitation_id}/accept/            d     401 404 404 404 404 404 404 404 403 401
POST   /api/v1/invitations/{invitation_id}/decline/           d     401 404 404 404 404 404 404 404 403 401
GET    /api/v1/datasets/                                      *     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/datasets/{dataset_id}/                         dr    404 404 404 404 404 404 404 404 404 401
GET    /api/v1/datasets/{dataset_id}/                         oe    200 200 200 200 200 200 200 200 200 401
GET    /api/v1/datasets/{dataset_id}/                         w     410 410 410 410 410 410 410 410 410 401
GET    /api/v1/datasets/{dataset_id}/versions/{number}/       dr    404 404 404 404 404 404 404 404 404 401
GET    /api/v1/datasets/{dataset_id}/versions/{number}/       oe    200 200 200 200 200 200 200 200 200 401
GET    /api/v1/datasets/{dataset_id}/versions/{number}/       w     410 410 410 410 410 410 410 410 410 401
GET    /api/v1/datasets/{dataset_id}/versions/{number}/revisions/ dr    404 404 404 404 404 404 404 404 404 401
GET    /api/v1/datasets/{dataset_id}/versions/{number}/revisions/ oew   200 200 200 200 200 200 200 200 200 401
POST   /api/v1/datasets/{dataset_id}/versions/{number}/revisions/ dr    401 404 404 404 404 404 404 404 403 401
POST   /api/v1/datasets/{dataset_id}/versions/{number}/revisions/ oe    401 403 201 201 403 403 403 201 403 401
POST   /api/v1/datasets/{dataset_id}/versions/{number}/revisions/ w     401 403 410 410 403 403 403 410 403 401
POST   /api/v1/datasets/{dataset_id}/versions/{number}/withdraw/ dr 401 404 404 404 404 404 404 404 403 401
POST   /api/v1/datasets/{dataset_id}/versions/{number}/withdraw/ oe 401 403 200 200 403 403 200 200 403 401
POST   /api/v1/datasets/{dataset_id}/versions/{number}/withdraw/ w  401 403 409 409 403 403 409 409 403 401
GET    /api/v1/measurements/{measurement_id}/                 dr    404 404 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/                 oe    200 200 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/                 w     410 410 410 410 410 410 410 410 410 401
GET    /api/v1/measurements/{measurement_id}/metadata/        dr    404 404 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/metadata/        oe    200 200 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/metadata/        w     410 410 410 410 410 410 410 410 410 401
GET    /api/v1/measurements/{measurement_id}/findings/        dr    404 404 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/findings/        oe    200 200 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/findings/        w     410 410 410 410 410 410 410 410 410 401
GET    /api/v1/measurements/{measurement_id}/reductions/      dr    404 404 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/reductions/      oe    200 200 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/reductions/      w     410 410 410 410 410 410 410 410 410 401
POST   /api/v1/measurements/{measurement_id}/reductions/      dr    401 404 202 202 403 202 403 202 403 401
POST   /api/v1/measurements/{measurement_id}/reductions/      oe    401 403 202 202 403 202 403 202 403 401
POST   /api/v1/measurements/{measurement_id}/reductions/      w     401 410 410 410 410 410 410 410 403 401
GET    /api/v1/measurements/{measurement_id}/reductions/{product}/ dr 404 404 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/reductions/{product}/ oe 200 200 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/reductions/{product}/ w  410 410 410 410 410 410 410 410 410 401
GET    /api/v1/instruments/                                   d     401 200 200 200 200 200 200 200 200 401
POST   /api/v1/instruments/                                   d     401 201 201 201 201 201 201 201 403 401
GET    /api/v1/instruments/{instrument_id}/                   *     401 404 200 200 404 404 200 200 200 401
PATCH  /api/v1/instruments/{instrument_id}/                   *     401 404 200 403 404 404 403 200 403 401
GET    /api/v1/instruments/{instrument_id}/presets/           *     401 404 200 200 404 404 200 200 200 401
POST   /api/v1/instruments/{instrument_id}/presets/           *     401 404 200 403 404 404 403 200 403 401
DELETE /api/v1/instruments/{instrument_id}/presets/{preset_id}/ *     401 404 204 403 404 404 403 204 403 401
GET    /api/v1/instruments/{instrument_id}/history/           *     401 404 200 200 404 404 200 200 200 401
GET    /api/v1/instruments/{instrument_id}/calibrations/      *     401 404 200 200 404 404 200 200 200 401
POST   /api/v1/instruments/{instrument_id}/calibrations/      *     401 404 201 403 404 404 403 201 403 401
GET    /api/v1/calibrations/{calibration_id}/                 *     401 404 200 200 404 404 200 200 200 401
POST   /api/v1/calibrations/{calibration_id}/                 *     401 404 201 403 404 404 403 201 403 401
GET    /api/v1/calibrations/{calibration_id}/{calibration_number}/ * 401 404 200 200 404 404 200 200 200 401
GET    /api/v1/samples/                                       d     401 200 200 200 200 200 200 200 200 401
POST   /api/v1/samples/                                       d     401 201 201 201 201 201 201 201 403 401
GET    /api/v1/samples/{sample_id}/                           *     401 404 200 200 404 404 200 200 200 401
PATCH  /api/v1/samples/{sample_id}/                           *     401 404 200 403 404 404 403 200 403 401
GET    /api/v1/samples/{sample_id}/history/                   *     401 404 200 200 404 404 200 200 200 401
GET    /api/v1/samples/{sample_id}/calibrations/              *     401 404 200 200 404 404 200 200 200 401
POST   /api/v1/samples/{sample_id}/calibrations/              *     401 404 201 403 404 404 403 201 403 401
GET    /api/v1/measurements/{measurement_id}/calibrations/    dr    404 404 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/calibrations/    oe    200 200 200 200 200 200 200 200 200 401
GET    /api/v1/measurements/{measurement_id}/calibrations/    w     410 410 410 410 410 410 410 410 410 401
GET    /api/v1/exports/                                       d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/recipes/                                       d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/search/                                        *     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/quantities/                                    d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/formats/                                       d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/jobs/{job_id}/                                 *     401 404 200 200 200 200 200 200 200 401
GET    /api/v1/schemas/file-names.json                        d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/schemas/stem/                                  d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/schemas/stem/{version}/template                d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/schemas/stem/{version}/{name}                  d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/openapi.json                                   d     200 200 200 200 200 200 200 200 200 401
GET    /api/v1/docs/                                          d     200 200 200 200 200 200 200 200 200 401
"""

# Pages know browser sessions only. The last column is a token, which a page does not look at.
PAGES = """
method route                                                  state str oth own co  vie edi cur adm rea
GET    /                                                      *     200 200 200 200 200 200 200 200 200
GET    /search                                                *     200 200 200 200 200 200 200 200 200
GET    /datasets/{dataset_id}                                 dr    404 404 404 404 404 404 404 404 404
GET    /datasets/{dataset_id}                                 oe    200 200 200 200 200 200 200 200 200
GET    /datasets/{dataset_id}                                 w     410 410 410 410 410 410 410 410 410
GET    /datasets/{dataset_id}/revisions                       dr    404 404 404 404 404 404 404 404 404
GET    /datasets/{dataset_id}/revisions                       oew   200 200 200 200 200 200 200 200 200
GET    /datasets/{dataset_id}/correct                         dr    302 404 404 404 404 404 404 404 302
GET    /datasets/{dataset_id}/correct                         oe    302 403 200 200 403 403 403 200 302
GET    /datasets/{dataset_id}/correct                         w     302 403 410 410 403 403 403 410 302
GET    /datasets/{dataset_id}.{export}                        dr    404 404 404 404 404 404 404 404 404
GET    /datasets/{dataset_id}.{export}                        oe    200 200 200 200 200 200 200 200 200
GET    /datasets/{dataset_id}.{export}                        w     410 410 410 410 410 410 410 410 410
GET    /deposits/                                             *     302 200 200 200 200 200 200 200 302
GET    /deposits/new                                          d     302 200 200 200 200 200 200 200 302
GET    /deposits/{deposit_id}                                 *     302 404 200 200 200 200 200 200 302
GET    /deposits/{deposit_id}/identifying                     *     302 404 302 302 403 302 403 302 302
GET    /deposits/{deposit_id}/progress                        *     302 404 200 200 200 200 200 200 302
GET    /deposits/{deposit_id}/records                         *     302 404 200 200 200 200 200 200 302
GET    /deposits/{deposit_id}/calibrations                    *     302 404 200 200 200 200 200 200 302
GET    /instruments/                                          d     302 200 200 200 200 200 200 200 302
GET    /instruments/{instrument_id}                           *     302 404 200 200 404 404 200 200 302
GET    /calibrations/{calibration_id}                         *     302 404 200 200 404 404 200 200 302
GET    /instruments/{instrument_id}/preset                    *     302 404 200 403 404 404 403 200 302
GET    /instruments/{instrument_id}/calibration               *     302 404 200 403 404 404 403 200 302
GET    /samples/{sample_id}/calibration                       *     302 404 200 403 404 404 403 200 302
GET    /samples/                                              d     302 200 200 200 200 200 200 200 302
GET    /samples/{sample_id}                                   *     302 404 200 200 404 404 200 200 302
GET    /deposits/{deposit_id}/sharing                         *     302 404 200 200 403 403 403 200 302
GET    /groups/                                               d     302 200 200 200 200 200 200 200 302
GET    /groups/{group_id}                                     d     302 404 200 200 404 404 200 200 302
GET    /invitations/{invitation_id}                           d     302 404 404 404 404 404 404 404 302
GET    /profile                                               d     302 200 200 200 200 200 200 200 302
GET    /shared/{key}                                          d     404 404 404 404 404 404 404 404 404
GET    /tokens                                                d     302 200 200 200 200 200 200 200 302
GET    /about                                                 d     200 200 200 200 200 200 200 200 200
GET    /docs/schema                                           d     200 200 200 200 200 200 200 200 200
GET    /docs/recipes                                          d     200 200 200 200 200 200 200 200 200
GET    /docs/exports                                          d     200 200 200 200 200 200 200 200 200
GET    /help                                                  d     200 200 200 200 200 200 200 200 200
GET    /help/fields/{field_group}                             d     200 200 200 200 200 200 200 200 200
GET    /help/field/{field}                                     d     302 302 302 302 302 302 302 302 302
GET    /help/{guide}                                           d     200 200 200 200 200 200 200 200 200
GET    /doi/{doi}                                             dr    404 404 404 404 404 404 404 404 404
GET    /doi/{doi}                                             oew   302 302 302 302 302 302 302 302 302
GET    /linkset/{dataset_id}                                  dr    404 404 404 404 404 404 404 404 404
GET    /linkset/{dataset_id}                                  oew   200 200 200 200 200 200 200 200 200
GET    /sitemap.xml                                           *     200 200 200 200 200 200 200 200 200
GET    /robots.txt                                            d     200 200 200 200 200 200 200 200 200
"""

# Who may have an export follows from its kind; `-` stands for the address of each. Drafts have none, not even for their
# owners.
EXPORTS: Mapping[type[Export], str] = {
    DatasetExport: """
method route state str oth own co  vie edi cur adm rea
GET    -     dr    404 404 404 404 404 404 404 404 404
GET    -     oe    200 200 200 200 200 200 200 200 200
GET    -     w     410 410 410 410 410 410 410 410 410
""",
    MeasurementExport: """
method route state str oth own co  vie edi cur adm rea exp
GET    -     dr    404 404 404 404 404 404 404 404 404 401
GET    -     oe    200 200 200 200 200 200 200 200 200 401
GET    -     w     410 410 410 410 410 410 410 410 410 401
""",
    StreamedExport: """
method route state str oth own co  vie edi cur adm rea exp
GET    -     dr    404 404 404 404 404 404 404 404 404 401
GET    -     o     200 200 200 200 200 200 200 200 200 401
GET    -     e     403 403 200 200 200 200 200 200 200 401
GET    -     w     410 410 410 410 410 410 410 410 410 401
""",
    ProductExport: """
method route state str oth own co  vie edi cur adm rea exp
GET    -     dr    404 404 404 404 404 404 404 404 404 401
GET    -     o     302 302 302 302 302 302 302 302 302 401
GET    -     e     403 403 302 302 302 302 302 302 302 401
GET    -     w     410 410 410 410 410 410 410 410 410 401
""",
}

# What strangers and shared caches may keep, once it is published. Everything else is private and never stored:
# a new address needs no entry for that, and one that calls itself public needs one here.
MAY_BE_KEPT = {
    "/api/v1/datasets/{dataset_id}/",
    "/api/v1/datasets/{dataset_id}/versions/{number}/",
    "/api/v1/datasets/{dataset_id}/versions/{number}/revisions/",
    "/api/v1/measurements/{measurement_id}/",
    "/api/v1/measurements/{measurement_id}/metadata/",
    "/api/v1/measurements/{measurement_id}/findings/",
    "/api/v1/measurements/{measurement_id}/calibrations/",
    "/api/v1/measurements/{measurement_id}/reductions/",
    "/api/v1/measurements/{measurement_id}/reductions/{product}/",
    "/api/v1/exports/",
    "/api/v1/recipes/",
    "/api/v1/schemas/file-names.json",
    "/api/v1/schemas/stem/{version}/{name}",
    "/api/v1/formats/",
    "/",
    "/search",
    "/datasets/{dataset_id}",
    "/datasets/{dataset_id}/revisions",
    "/datasets/{dataset_id}.{export}",
    "/about",
    "/docs/schema",
    "/docs/recipes",
    "/docs/exports",
    "/help",
    "/help/fields/{field_group}",
    "/help/{guide}",
    "/linkset/{dataset_id}",
    "/sitemap.xml",
    "/robots.txt",
    *(document_path(export) for export in list_exports()),
}


def list_api_lines() -> list[Line]:
    """Return what is asked of the API and of the byte routes that there are now."""
    return [*read_table(API), *list_byte_lines()]


def list_export_lines(exports: Iterable[Export]) -> list[Line]:
    """Return the lines of exports."""
    return [
        replace(line, route=document_path(export))
        for export in exports
        for line in read_table(EXPORTS[type(export)])
    ]


API_LINES = [
    *list_api_lines(),
    *list_export_lines(export for export in list_exports() if export.about == "measurement"),
]
# Pages know sessions, and so do the exports at their addresses.
PAGE_LINES = [
    *read_table(PAGES),
    *list_export_lines(export for export in list_exports() if export.about == "dataset"),
]


def list_django_routes(module: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield method and route of every view below a URL module."""
    for pattern in import_module(module).urlpatterns:
        route = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        view = getattr(pattern.callback, "cls", None)
        methods = (
            [name.upper() for name in view.http_method_names if hasattr(view, name)] if view else ["GET"]
        )
        yield from ((method, route) for method in methods if method not in {"OPTIONS", "HEAD"})


def test_every_address_stands_in_the_table() -> None:
    known = {(line.method, line.route) for line in (*API_LINES, *PAGE_LINES)}
    found = {
        *list_django_routes("api.v1.urls", "/api/v1/"),
        *((operation.method, route.path) for route in list_byte_routes() for operation in route.operations),
        *list_django_routes("frontend.urls", "/"),
        *(("GET", document_path(export)) for export in list_exports()),
    }
    assert found - known == set(), (
        "Add what is missing to the table, with what each role shall get; a byte route's audience to that in lines.py."
    )
    assert known - found == set(), "The table names what does not exist."


ABOUT_A_DEPOSIT = re.compile(r"\{(deposit|measurement|dataset|upload|job)_id\}")
OF_NO_DEPOSIT = ("/api/v1/groups/", "/api/v1/invitations/", "/groups/", "/invitations/")


def test_no_line_leaves_a_state_out_by_accident() -> None:
    """What addresses a deposit, dataset, measurement, upload or job is asked in all states."""
    for method, route in {
        (line.method, line.route)
        for line in (*API_LINES, *PAGE_LINES)
        if "_id}" in line.route and not line.route.startswith(OF_NO_DEPOSIT)
    }:
        asked = [
            state
            for line in (*API_LINES, *PAGE_LINES)
            if (line.method, line.route) == (method, route)
            for state in line.states
        ]
        assert sorted(asked) == sorted(STATES), (method, route)


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


TUS = {"Tus-Resumable": "1.0.0"}
NEXT_CHUNK = {"Upload-Offset": str(len(PENDING)), "Content-Type": "application/offset+octet-stream"}


CALIBRATED = {
    "quantity": "scan_step",
    "value": "0.5 nm",
    "method": "typed",
    "calibrated_from": {"text": "Cross grating."},
}


def list_shared_bodies(world: World) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the bodies of what people share: groups, links, invitations, records."""
    return {
        ("POST", "deposits/{deposit_id}/invitations/"): {"address": "irene@example.org", "role": "view"},
        ("POST", "deposits/{deposit_id}/links/"): {"for_whom": "Reviewers"},
        ("POST", "deposits/{deposit_id}/group/"): {"group": world.words["group_id"]},
        ("POST", "groups/"): {"name": f"Group {generate_id()}"},
        ("PATCH", "groups/{group_id}/"): {"ror": ""},
        ("PATCH", "groups/{group_id}/members/{username}/"): {"role": "member"},
        ("POST", "groups/{group_id}/invitations/"): {"address": "irene@example.org"},
        ("POST", "deposits/{deposit_id}/offers/"): {
            "of": "instrument",
            "record": world.words["instrument_id"],
        },
        ("POST", "instruments/"): {"name": "Another"},
        ("PATCH", "instruments/{instrument_id}/"): {"facility": "Hall 5"},
        ("POST", "instruments/{instrument_id}/presets/"): {
            "presets": [{"name": "b", "valid_from": "2026-01-01", "values": {"monochromated": True}}]
        },
        ("POST", "instruments/{instrument_id}/calibrations/"): CALIBRATED,
        ("POST", "samples/{sample_id}/calibrations/"): CALIBRATED,
        ("POST", "calibrations/{calibration_id}/"): {"name": generate_id()},
        ("POST", "deposits/{deposit_id}/calibrations/"): {
            "calibration": world.words["calibration_id"],
            "dry_run": True,
        },
        ("POST", "samples/"): {"name": "Another"},
        ("PATCH", "samples/{sample_id}/"): {"kind": "grid"},
    }


def build_request(line: Line, world: World) -> dict[str, Any]:
    """Return body and headers with which the request would succeed for somebody who may send it."""
    metadata = f"deposit {encode(world.words['deposit_id'])},path {encode('third.raw')}"
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "deposits/"): {"title": "A new one"},
        ("PATCH", "deposits/{deposit_id}/"): {"acknowledged_warnings": []},
        ("POST", "deposits/{deposit_id}/submit/"): {"until": "opened"},
        ("POST", "deposits/{deposit_id}/publish/"): {"accept_warnings": world.warnings},
        ("POST", "deposits/{deposit_id}/fates/"): {"changes": [{"fate": "private", "paths": ["*"]}]},
        ("PATCH", "account/"): {"mails_when_read": True},
        **list_shared_bodies(world),
        ("POST", "deposits/{deposit_id}/grouping/"): {
            "moves": [{"paths": [world.words["path"]], "place": "own"}]
        },
        ("POST", "deposits/{deposit_id}/roles/"): {
            "roles": [{"measurement": "0000-0000", "role": "low_loss", "of": ["0000-0001"]}]
        },
        ("POST", "deposits/{deposit_id}/members/"): {
            "username": world.people.users["co-owner"].username,
            "role": "publish",
        },
        ("POST", "measurements/{measurement_id}/reductions/"): {"recipe": "center_of_mass"},
        ("POST", "deposits/{deposit_id}/techniques/"): {"confirm": True},
        ("POST", "deposits/{deposit_id}/identifying/"): {"mask": ["Nobody"]},
        ("PATCH", "deposits/{deposit_id}/table/"): {"changes": []},
        ("POST", "deposits/{deposit_id}/table/sheet/"): {"text": "file\r\n"},
        ("POST", "deposits/{deposit_id}/table/names/"): {"pattern": "{notes}.none"},
        ("POST", "tokens/"): {"name": "more", "scopes": ["read"]},
        ("POST", "datasets/{dataset_id}/versions/{number}/withdraw/"): {"reason": "Wrong sample."},
        ("POST", "datasets/{dataset_id}/versions/{number}/revisions/"): {
            "metadata": {"dataset": {"title": "The right title"}},
            "reason": "A slip of the pen.",
        },
    }
    transfers: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "uploads"): {"headers": {**TUS, "Upload-Length": "3", "Upload-Metadata": metadata}},
        ("HEAD", "uploads/{upload_id}"): {"headers": TUS},
        ("PATCH", "uploads/{upload_id}"): {"headers": {**TUS, **NEXT_CHUNK}, "content": PENDING[:1]},
        ("DELETE", "uploads/{upload_id}"): {"headers": TUS},
    }
    key = (line.method, line.route.removeprefix("/api/v1/"))
    if key in bodies:
        return {"json": bodies[key]}
    examples = {"headers": dict(line.headers), "params": dict(line.query)}
    return dict(transfers.get(key, {name: value for name, value in examples.items() if value}))


def fill(line: Line, world: World) -> str:
    words = {**line.words, **world.words, "key": "zarr.json" if "{name}" in line.route else "abcdefgh"}
    words |= {"guide": "planner", "field_group": "beam", "field": "defocus"}
    if line.route.startswith("/api/v1/groups/"):
        words |= {"invitation_id": world.words["group_invitation_id"]}
    if line.route.endswith("{version}/{name}"):
        words |= {"name": "record.json"}
    return line.route.format(**words)


CHANGES = {"POST", "PATCH", "DELETE"}
# After these the next question gets the answer that it would have got before.
CHANGES_NOTHING_ELSE = {
    "/api/v1/account/",
    "/api/v1/groups/",
    "/api/v1/groups/{group_id}/invitations/",
    "/api/v1/deposits/",
    "/api/v1/deposits/{deposit_id}/group/",
    "/api/v1/deposits/{deposit_id}/invitations/",
    "/api/v1/deposits/{deposit_id}/links/",
    "/api/v1/deposits/{deposit_id}/links/{link_id}/",
    "/api/v1/deposits/{deposit_id}/members/",
    "/api/v1/deposits/{deposit_id}/table/",
    "/api/v1/deposits/{deposit_id}/table/sheet/",
}
ASKS_FOR_THE_HEAD_TOO = {"stranger", "owner"}


def ask_all(web: WebClient, state: str, lines: list[Line], *, by_session: bool) -> list[str]:
    """Put every question of a state and return where the answer is another than expected."""
    people = gather_people()
    world = build_world(state, people)
    wrong = []
    for line in lines:
        if state not in line.states:
            continue
        told: Any = None
        for role, expected in line.expected.items():
            request = build_request(line, world)
            web.cookies.clear()
            if by_session and role in people.sessions:
                web.cookies.set(settings.SESSION_COOKIE_NAME, people.sessions[role])
            else:
                request["headers"] = {**request.get("headers", {}), **people.headers[role]}
            answer = web.request(line.method, fill(line, world), **request)
            wrong += [
                f"{line.method} {line.route} {state} {role}: {each}"
                for each in find_faults(line, expected, answer)
            ]
            told = told or answer  # the stranger is asked first
            wrong += [f"{line.route} {state} {role}: {each}" for each in find_leaks(line, told, answer)]
            if line.method == "GET" and role in ASKS_FOR_THE_HEAD_TOO:
                head = web.head(fill(line, world), **request)
                if head.status_code not in expected or head.content:
                    wrong.append(f"HEAD {line.route} {state} {role}: {head.status_code}, not {set(expected)}")
                if head.headers["cache-control"] != answer.headers["cache-control"]:
                    wrong.append(f"HEAD {line.route} {state} {role}: {head.headers['cache-control']}")
            elif line.method in CHANGES and answer.is_success and line.route not in CHANGES_NOTHING_ELSE:
                world = build_world(state, people)
    return wrong


def find_faults(line: Line, expected: frozenset[int], answer: Any) -> Iterator[str]:
    """Yield what is other than the table says, and what a byte route sends without saying so."""
    if answer.status_code not in expected:
        yield f"{answer.status_code}, not {set(expected)} {answer.text[:200]}"
    sent = answer.headers.get("content-type", "").split(";")[0]
    is_sending = bool(line.audience and answer.is_success and answer.content)
    if is_sending and not {sent, "*/*"} & set(line.media_types):
        yield f"sends {sent}"


def may_be_kept(line: Line) -> bool:
    return line.method == "GET" and (line.route in MAY_BE_KEPT or line.audience in KEPT_AUDIENCES)


def find_leaks(line: Line, told: Any, answer: Any) -> Iterator[str]:
    """Yield what is wrong with the caching of an answer; `told` is what a stranger gets there."""
    kept = answer.headers["cache-control"]
    if kept == "private, no-store":
        return
    if not kept.startswith("public"):
        yield f"is neither public nor private: {kept}"
    if not may_be_kept(line):
        yield f"nobody decided that this may be kept: {kept}"
    if answer.status_code not in {200, 410}:
        yield f"a {answer.status_code} may be kept"
    # A ZIP is made anew for each answer and carries the minute: of equal files it has the same length.
    is_same = (
        len(answer.content) == len(told.content)
        if line.route.endswith("/zip")
        else answer.content == told.content
    )
    if answer.status_code != told.status_code or not is_same:
        yield "what a stranger does not get may be kept by others"
    if "set-cookie" in answer.headers:
        yield "a cookie may be kept by others"


def test_what_may_be_kept_is_an_address_and_is_kept(web: WebClient) -> None:
    lines = [line for line in (*API_LINES, *PAGE_LINES) if may_be_kept(line)]
    assert {line.route for line in lines} > MAY_BE_KEPT, "The set names what does not exist."
    world = build_world("open", gather_people())
    kept = {
        line.route: web.get(fill(line, world)).headers["cache-control"]
        for line in lines
        if "open" in line.states or "draft" in line.states
    }
    assert [route for route, said in kept.items() if not said.startswith("public")] == []


def test_every_address_of_the_documentation_stands_in_the_table(web: WebClient) -> None:
    """The OpenAPI document is written from the views: what it names is asked for caching and permission too."""
    documented = {
        (method.upper(), path)
        for path, methods in web.get("/api/v1/openapi.json").json()["paths"].items()
        for method in methods
        if method in {"get", "post", "put", "patch", "delete", "head"}
    }
    known = {(line.method, line.route.rstrip("/")) for line in (*API_LINES, *PAGE_LINES)}
    assert {(method, path.rstrip("/")) for method, path in documented} - known == set()


def test_what_is_shown_while_a_deposit_is_read_is_private(web: WebClient) -> None:
    """First pictures, the step, the time left and the place in the line: of no use to others, and of no age."""
    people = gather_people()
    world = build_world("draft", people)
    measurement = Measurement.objects.get(pk=world.words["measurement_id"])
    measurement.products.update(is_preliminary=True)
    of_reading = {"deposit_id": world.words["deposit_id"], "target": measurement.pk, "lane": "long"}
    now = timezone.now()
    running = Job.objects.create(
        kind="convert_measurement",
        state="running",
        started_at=now,
        lease_until=now + dt.timedelta(minutes=5),
        fraction=0.5,
        **of_reading,
    )
    waiting = Job.objects.create(kind="reduce_measurement", **of_reading)
    product = f"/api/v1/measurements/{measurement.pk}/reductions/data.mean_diffraction_pattern"
    addresses = {f"/api/v1/jobs/{job.pk}/" for job in (running, waiting)}
    addresses |= {f"{product}/", f"{product}/preview.png", f"{product}/data"}
    addresses |= {f"/api/v1/deposits/{measurement.deposit_id}/"}
    for address in addresses:
        for role, status in {
            "stranger": {401, 404},
            "other": {404},
            "owner": {200},
            "expired": {401},
        }.items():
            answer = web.get(address, headers=people.headers[role])
            assert answer.status_code in status, (address, role)
            assert answer.headers["cache-control"] == "private, no-store", (address, role)
    shown = web.get(f"/api/v1/deposits/{measurement.deposit_id}/", headers=people.headers["owner"]).json()
    assert shown["measurements"][0]["reading"]["step"] == "converting"
    assert shown["measurements"][0]["products"][0]["is_preliminary"]
    assert shown["progress"]["position"] is not None
    place = web.get(f"/api/v1/jobs/{waiting.pk}/", headers=people.headers["owner"]).json()
    assert isinstance(place["position"], int)
    for role, code in {"stranger": 302, "other": 404, "owner": 200}.items():
        web.cookies.clear()
        if role in people.sessions:
            web.cookies.set(settings.SESSION_COOKIE_NAME, people.sessions[role])
        for page in ("", "/progress"):
            answer = web.get(f"/deposits/{measurement.deposit_id}{page}")
            assert answer.status_code == code, (page, role)
            assert answer.headers["cache-control"] == "private, no-store", (page, role)
    web.cookies.clear()


@pytest.mark.parametrize("state", STATES)
def test_a_token_that_may_not_read_sees_what_a_stranger_sees(web: WebClient, state: str) -> None:
    people = gather_people()
    world = build_world(state, people)
    lines = [line for line in API_LINES if state in line.states and line.method == "GET"]
    for scopes in (("publish",), ("deposit", "curate")):
        headers = as_token(make_token(people.users["owner"], *scopes))
        for line in lines:
            stranger, token = web.get(fill(line, world)), web.get(fill(line, world), headers=headers)
            if stranger.status_code in {200, 410}:
                assert token.status_code == stranger.status_code, line
                assert len(token.content) == len(stranger.content), line
            else:
                # What needs an account says which scope is missing; the rest hears what a stranger hears.
                assert token.status_code in {stranger.status_code, 403}, line


@pytest.mark.parametrize("state", ASKED_STATES)
def test_api_and_bytes_answer_each_role_as_the_table_says(web: WebClient, state: str) -> None:
    assert ask_all(web, state, API_LINES, by_session=False) == []


IN_A_GROUP = {"viewer": "member", "co-owner": "manager"}


def test_members_of_a_group_are_viewers_and_its_managers_publish(web: WebClient) -> None:
    """What the table says of co-owners by role holds for who is in the deposit's group, and is no co-owner."""
    people = gather_people()
    world = build_world("ready", people)
    deposit = Deposit.objects.get(pk=world.words["deposit_id"])
    deposit.memberships.all().delete()
    group = Group.objects.create(name="Of the deposit", created_by=deposit.owner)
    Deposit.objects.filter(pk=deposit.pk).update(group=group)
    for name, role in IN_A_GROUP.items():
        Membership.objects.create(group=group, user=people.users[name], role=role)
    wrong = []
    for line in (*API_LINES, *PAGE_LINES):
        if "ready" not in line.states or not ABOUT_A_DEPOSIT.search(line.route):
            continue
        for name in IN_A_GROUP:
            if line.method in CHANGES and name == "co-owner":
                continue  # it would change what is asked next; that it may is asked below
            request = build_request(line, world)
            web.cookies.clear()
            if line in PAGE_LINES:
                web.cookies.set(settings.SESSION_COOKIE_NAME, people.sessions[name])
            else:
                request["headers"] = {**request.get("headers", {}), **people.headers[name]}
            answer = web.request(line.method, fill(line, world), **request)
            if answer.status_code not in line.expected[name]:
                wrong.append(f"{line.method} {line.route} {name}: {answer.status_code}")
    assert wrong == []
    web.cookies.clear()
    manager = people.headers["co-owner"]
    place = f"/api/v1/deposits/{deposit.pk}"
    assert web.patch(f"{place}/", headers=manager, json={"acknowledged_warnings": []}).status_code == 200
    made = web.post(f"{place}/links/", headers=manager, json={"for_whom": "Reviewers"})
    assert made.status_code == 201


@pytest.mark.parametrize("state", ASKED_STATES)
def test_pages_answer_each_role_as_the_table_says(web: WebClient, state: str) -> None:
    assert ask_all(web, state, PAGE_LINES, by_session=True) == []


def test_what_a_stranger_hears_of_a_draft_is_what_he_hears_of_nothing(web: WebClient) -> None:
    """Status, code and sentence are the same as for an id that never was, at every address."""
    people = gather_people()
    world = build_world("ready", people)
    unused = generate_id()
    nothing = {
        "deposit_id": unused,
        "dataset_id": unused,
        "measurement_id": unused,
        "upload_id": "11111111-1111-4111-8111-111111111111",
        "job_id": "22222222-2222-4222-8222-222222222222",
        "doi": f"10.5072/{unused}",
    }
    absent = World("ready", people, {**world.words, **nothing}, world.warnings)
    named = {words[name] for words in (world.words, nothing) for name in nothing}
    for line in (*API_LINES, *PAGE_LINES):
        if "ready" not in line.states or not any(f"{{{name}}}" in line.route for name in nothing):
            continue
        for role in ("stranger", "other"):
            heard = []
            for each in (world, absent):
                request = build_request(line, each)
                request["headers"] = {**request.get("headers", {}), **people.headers[role]}
                answer = web.request(line.method, fill(line, each), **request)
                text = re.sub("|".join(map(re.escape, named)), "ID", answer.text)
                text = re.sub(r'csrf\w*["=:\s]+[\w"=\s]+|nonce-?[="\w]+', "", text)
                heard.append((answer.status_code, text))
            assert heard[0] == heard[1], (line.method, line.route, role)


def test_a_draft_is_in_no_list_and_no_count(web: WebClient) -> None:
    people = gather_people()
    world = build_world("ready", people)
    stranger = {"headers": people.headers["other"]}
    found = web.get("/api/v1/search/", **stranger).json()
    assert (found["count"], found["results"], found["facets"]["elements"]) == (0, [], [])
    for words in (world.words["deposit_id"], world.words["sha256"], world.words["doi"], "MoS2"):
        assert web.get("/api/v1/search/", params={"q": words}, **stranger).json()["count"] == 0
    assert web.get("/api/v1/deposits/", **stranger).json()["results"] == []
    assert world.words["deposit_id"] not in web.get("/sitemap.xml").text
    assert world.words["deposit_id"] not in web.get("/").text


def test_a_withdrawn_version_is_in_no_list_and_no_count(web: WebClient) -> None:
    world = build_world("withdrawn", gather_people())
    assert web.get("/api/v1/search/").json()["count"] == 0
    assert world.words["dataset_id"] not in web.get("/sitemap.xml").text


def test_the_same_bytes_in_somebody_elses_draft_do_not_show(web: WebClient) -> None:
    """A digest that is stored already, but not in this deposit, saves nobody the upload: that would tell."""
    people = gather_people()
    world = build_world("ready", people)
    mine = web.post("/api/v1/deposits/", json={"title": "Mine"}, headers=people.headers["other"]).json()["id"]
    metadata = ",".join(
        f"{key} {encode(value)}"
        for key, value in {"deposit": mine, "path": "scan.raw", "sha256": world.words["sha256"]}.items()
    )
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": metadata}
    answer = web.post("/api/v1/uploads", headers={**headers, **people.headers["other"]})
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "0")


def test_byte_addresses_answer_with_and_without_the_last_slash(web: WebClient) -> None:
    words = build_world("open", gather_people()).words
    routes = {
        line.route
        for line in list_byte_lines()
        if line.method == "GET" and "open" in line.states and line.audience in KEPT_AUDIENCES
    }
    assert len(routes) >= 8
    for route in routes - {route.path for route in list_byte_routes() if route.ends_open}:
        answers = [web.get(route.format(**words) + slash) for slash in ("", "/")]
        assert [answer.status_code for answer in answers] == [200, 200], route
        assert answers[0].headers["content-type"] == answers[1].headers["content-type"], route


def test_a_line_break_in_an_address_is_answered_like_any_other(web: WebClient) -> None:
    for address in ("/api/v1/datasets/a%0Ab/", "/api/v1/deposits/a/files/b%0Ac", "/api/v1/nothing%0A"):
        answer = web.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), (
            address
        )
