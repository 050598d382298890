from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from api.v1 import accounts, datasets, deposit_steps, deposits, jobs, reductions, schemas, search

urlpatterns = [
    path("account/", accounts.AccountView.as_view()),
    path("tokens/", accounts.TokenListView.as_view()),
    path("tokens/<str:key>/", accounts.TokenView.as_view()),
    path("deposits/", deposits.DepositListView.as_view()),
    path("deposits/<str:deposit_id>/", deposits.DepositView.as_view()),
    path("deposits/<str:deposit_id>/submit/", deposit_steps.SubmitView.as_view()),
    path("deposits/<str:deposit_id>/validation/", deposits.ValidationView.as_view()),
    path("deposits/<str:deposit_id>/publish/", deposit_steps.PublishView.as_view()),
    path("deposits/<str:deposit_id>/new-version/", deposit_steps.NewVersionView.as_view()),
    path("deposits/<str:deposit_id>/discard-version/", deposit_steps.DiscardVersionView.as_view()),
    path("deposits/<str:deposit_id>/members/", deposits.MembersView.as_view()),
    path("deposits/<str:deposit_id>/members/<str:username>/", deposits.MemberView.as_view()),
    path("deposits/<str:deposit_id>/files/<path:path>", deposits.DepositFileView.as_view()),
    path("datasets/", datasets.DatasetListView.as_view()),
    path("datasets/<str:dataset_id>/", datasets.DatasetView.as_view()),
    path("datasets/<str:dataset_id>/versions/<int:number>/", datasets.DatasetVersionView.as_view()),
    path(
        "datasets/<str:dataset_id>/versions/<int:number>/withdraw/",
        datasets.WithdrawView.as_view(),
    ),
    path("measurements/<str:measurement_id>/", datasets.MeasurementView.as_view()),
    path("measurements/<str:measurement_id>/metadata/", datasets.MeasurementMetadataView.as_view()),
    path("measurements/<str:measurement_id>/findings/", datasets.MeasurementFindingsView.as_view()),
    path("measurements/<str:measurement_id>/reductions/", reductions.ReductionListView.as_view()),
    path("measurements/<str:measurement_id>/reductions/<str:product>/", reductions.ReductionView.as_view()),
    path("recipes/", reductions.RecipeListView.as_view()),
    path("search/", search.SearchView.as_view()),
    path("jobs/<uuid:job_id>/", jobs.JobView.as_view()),
    path("schemas/file-names.json", schemas.FileNamesView.as_view()),
    path("schemas/stem/<str:version>/template", schemas.TemplateView.as_view()),
    path("schemas/stem/<str:version>/<path:name>", schemas.SchemaFileView.as_view()),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="openapi")),
]
