"""The addresses of the pages; a middleware answers the twin with or without a last slash."""

from django.urls import path, register_converter

from frontend.views import (
    about,
    calibrations,
    corrections,
    datasets,
    deposits,
    exports,
    groups,
    help_pages,
    identifiers,
    invitations,
    profile,
    record_offers,
    records,
    search,
    sharing,
    tokens,
)


class DatasetIdConverter:
    """An id as people type it: any case, look-alikes included; `parse_id` decides in the view."""

    regex = r"[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}"

    def to_python(self, value: str) -> str:
        """Return the id in lower case."""
        return value.lower()

    def to_url(self, value: str) -> str:
        """Return the id as it is."""
        return value


register_converter(DatasetIdConverter, "dataset_id")

urlpatterns = [
    path("", search.show_home, name="home"),
    path("search", search.show_search, name="search"),
    path("datasets/<dataset_id:dataset_id>", datasets.show_dataset, name="dataset"),
    path("datasets/<dataset_id:dataset_id>/revisions", corrections.show_revisions, name="revisions"),
    path("datasets/<dataset_id:dataset_id>/correct", corrections.correct_dataset, name="correct"),
    path("datasets/<dataset_id:dataset_id>.<str:export>", exports.send_export, name="dataset-export"),
    path("deposits/", deposits.list_deposits, name="deposits"),
    path("deposits/new", deposits.start_deposit, name="deposit-new"),
    path("deposits/<dataset_id:deposit_id>", deposits.show_deposit, name="deposit"),
    path(
        "deposits/<dataset_id:deposit_id>/identifying", deposits.mask_identifying, name="deposit-identifying"
    ),
    path("deposits/<dataset_id:deposit_id>/sharing", sharing.show_sharing, name="deposit-sharing"),
    path("shared/<str:key>", sharing.open_link, name="shared"),
    path("groups/", groups.list_groups, name="groups"),
    path("groups/<dataset_id:group_id>", groups.show_group, name="group"),
    path("invitations/<uuid:invitation_id>", invitations.show_invitation, name="invitation"),
    path("profile", profile.show_profile, name="profile"),
    path("deposits/<dataset_id:deposit_id>/progress", deposits.show_progress, name="deposit-progress"),
    path("deposits/<dataset_id:deposit_id>/records", record_offers.show_offers, name="deposit-records"),
    path("instruments/", records.list_instrument_records, name="instruments"),
    path("instruments/<dataset_id:instrument_id>", records.show_instrument, name="instrument"),
    path("instruments/<dataset_id:instrument_id>/preset", records.edit_preset, name="instrument-preset"),
    path(
        "instruments/<dataset_id:instrument_id>/calibration",
        calibrations.add_to_instrument,
        name="instrument-calibration",
    ),
    path("samples/<dataset_id:sample_id>/calibration", calibrations.add_to_sample, name="sample-calibration"),
    path("calibrations/<dataset_id:calibration_id>", calibrations.show_calibration, name="calibration"),
    path(
        "deposits/<dataset_id:deposit_id>/calibrations", calibrations.show_taking, name="deposit-calibrations"
    ),
    path("samples/", records.list_sample_records, name="samples"),
    path("samples/<dataset_id:sample_id>", records.show_sample, name="sample"),
    path("tokens", tokens.show_tokens, name="tokens"),
    path("about", about.show_about, name="about"),
    path("docs/schema", about.show_schema, name="schema"),
    path("docs/recipes", about.show_recipes, name="recipes"),
    path("docs/exports", about.show_exports, name="exports"),
    path("help", help_pages.show_help, name="help"),
    path("help/field/<str:field>", help_pages.lead_to_field, name="help-field"),
    path("help/fields/<slug:field_group>", help_pages.show_fields, name="help-fields"),
    path("help/<slug:guide>", help_pages.show_guide, name="help-guide"),
    path("doi/<path:doi>", identifiers.resolve_doi, name="doi"),
    path("linkset/<str:dataset_id>", identifiers.send_linkset, name="linkset"),
    path("sitemap.xml", identifiers.send_sitemap, name="sitemap"),
    path("robots.txt", identifiers.send_robots, name="robots"),
]
