"""Who uses the server and with which keys."""

from accounts.models.api_key import ApiKey
from accounts.models.audit import AuditEvent
from accounts.models.data_key import DataKey
from accounts.models.invitation import Invitation
from accounts.models.user import PasswordRecord, Role, User

__all__ = ["ApiKey", "AuditEvent", "DataKey", "Invitation", "PasswordRecord", "Role", "User"]
