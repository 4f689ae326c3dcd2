"""The project's settings, one module a concern; the environment they read is typed in `env`."""

from memshadow.settings.apps import *  # noqa: F403
from memshadow.settings.context import *  # noqa: F403
from memshadow.settings.database import *  # noqa: F403
from memshadow.settings.enrichment import *  # noqa: F403
from memshadow.settings.env import BASE_DIR as BASE_DIR
from memshadow.settings.files import *  # noqa: F403
from memshadow.settings.gateway import *  # noqa: F403
from memshadow.settings.interfaces import *  # noqa: F403
from memshadow.settings.mail import *  # noqa: F403
from memshadow.settings.oauth import *  # noqa: F403
from memshadow.settings.queue import *  # noqa: F403
from memshadow.settings.reporting import *  # noqa: F403
from memshadow.settings.retrieval import *  # noqa: F403
from memshadow.settings.security import *  # noqa: F403
from memshadow.settings.single_sign_on import *  # noqa: F403
from memshadow.settings.watching import *  # noqa: F403
