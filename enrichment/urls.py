"""Addresses of the pages of enrichment."""

from django.urls import path

from enrichment.views import duplicates, entities, facts, llm, mapping, pipeline, points, review, timeline, topics

app_name = "enrichment"
urlpatterns = [
    path("enrichment/", pipeline.pipeline, name="pipeline"),
    path("enrichment/retry/", pipeline.retry, name="retry"),
    path("enrichment/pause/", pipeline.pause, name="pause"),
    path("enrichment/schedules/<slug:schedule>/", pipeline.schedule, name="schedule"),
    path("entities/", entities.entities, name="entities"),
    path("entities/hidden/", entities.hidden, name="hidden_entities"),
    path("entities/<uuid:entity_id>/", entities.entity, name="entity"),
    path("entities/<uuid:entity_id>/change/", entities.change, name="entity_change"),
    path("entities/changes/<uuid:change_id>/undo/", entities.undo, name="entity_undo"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("duplicates/policy/", duplicates.policy, name="duplicate_policy"),
    path("duplicates/<uuid:pair_id>/decide/", duplicates.decide, name="duplicate_decide"),
    path("facts/<uuid:relation_id>/change/", facts.change, name="fact_change"),
    path("facts/verdicts/<uuid:verdict_id>/undo/", facts.undo, name="fact_undo"),
    path("map/", mapping.memory_map, name="map"),
    path("map/points/", mapping.map_points, name="map_points"),
    path("map/titles/", mapping.map_titles, name="map_titles"),
    path("review/", review.review, name="review"),
    path("review/<uuid:relation_id>/<uuid:newer_id>/", review.decide, name="review_decide"),
    path("topics/", topics.topics, name="topics"),
    path("topics/hidden/", topics.hidden, name="hidden_topics"),
    path("topics/<uuid:topic_id>/", topics.topic, name="topic"),
    path("topics/<uuid:topic_id>/change/", topics.change, name="topic_change"),
    path("topics/changes/<uuid:topic_change_id>/undo/", topics.undo, name="topic_undo"),
    path("language-model/", llm.language_model, name="llm"),
    path("language-model/sent/", llm.sent, name="llm_sent"),
    path("proposals/", llm.proposals, name="proposals"),
    path("proposals/<uuid:proposal_id>/", llm.decide, name="proposal_decide"),
    path("timeline/", timeline.timeline, name="timeline"),
    path("timeline/projects/", timeline.projects, name="projects"),
    path("action-items/", points.action_items_page, name="action_items"),
    path("action-items/<uuid:point_id>/", points.mark, name="point_mark"),
]
