"""The background queue (django-q2, ORM broker, same database)."""

from memshadow.settings.env import env

# Tasks are sweeps over rows that carry their own state, so a queue entry is a wake-up and nothing more:
# one attempt, no kept results; the schedule repeats the sweep every minute whatever happens.
Q_CLUSTER = {
    "name": "memshadow",
    "orm": "default",
    "workers": env.worker_count,
    "queue_limit": env.worker_count,
    "poll": 0.25,  # seconds
    "timeout": 1800,  # seconds; an import works in slices far below it
    "retry": 1860,  # seconds; must exceed the timeout
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "recycle": 5000,  # tasks; reloading the model costs a second
    "max_rss": 1_500_000,  # KiB
    "catch_up": False,
    "label": "Background work",
}
