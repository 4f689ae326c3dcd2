"""Addresses of the memories' pages."""

from django.urls import path

from memories.views import (
    conversations,
    detail,
    embedding_models,
    exports,
    feedback,
    home,
    imports,
    library,
    quality,
    saved,
    searching,
    tags,
)

app_name = "memories"
urlpatterns = [
    path("library/", library.library, name="library"),
    path("search/", searching.search_page, name="search"),
    path("search/saved/", saved.saved_searches, name="saved_searches"),
    path("search/saved/<uuid:search_id>/", saved.saved_search, name="saved_search"),
    path("memories/new/", home.create, name="create"),
    path("memories/bulk/", library.bulk, name="bulk"),
    path("memories/merge/", library.merge, name="merge"),
    path("memories/<uuid:memory_id>/", detail.detail, name="detail"),
    path("memories/<uuid:memory_id>/edit/", detail.edit, name="edit"),
    path("memories/<uuid:memory_id>/action/", detail.action, name="action"),
    path("memories/<uuid:memory_id>/history/", detail.history, name="history"),
    path("memories/<uuid:memory_id>/undo/<int:number>/", detail.undo_view, name="undo"),
    path("memories/<uuid:memory_id>/similar/", searching.similar, name="similar"),
    path("memories/<uuid:memory_id>/feedback/", feedback.judge, name="feedback"),
    path("feedback/<uuid:feedback_id>/withdraw/", feedback.withdraw, name="feedback_withdraw"),
    path("quality/", quality.quality_page, name="quality"),
    path("quality/learnt/", quality.learnt, name="learnt"),
    path("quality/learnt/<uuid:rule_id>/", quality.learnt_rule, name="learnt_rule"),
    path("trash/", library.trash, name="trash"),
    path("trash/empty/", library.trash_empty, name="trash_empty"),
    path("conversations/", conversations.conversations, name="conversations"),
    path("conversations/<uuid:conversation_id>/", conversations.conversation, name="conversation"),
    path("tags/", tags.tags, name="tags"),
    path("tags/<uuid:tag_id>/", tags.tag, name="tag"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<uuid:job_id>/", imports.import_job, name="import_job"),
    path("imports/<uuid:job_id>/cancel/", imports.cancel, name="import_cancel"),
    path("imports/<uuid:job_id>/resume/", imports.resume, name="import_resume"),
    path("embedding-models/", embedding_models.embedding_models, name="embedding_models"),
    path(
        "embedding-models/<str:model_name>/action/",
        embedding_models.embedding_model_action,
        name="embedding_model_action",
    ),
    path("exports/", exports.exports, name="exports"),
    path("exports/download/", exports.download, name="export_download"),
]
