"""Who uses the server and with which keys."""

from accounts.models.api_key import ApiKey
from accounts.models.audit import AuditChain, AuditCheckpoint, AuditEvent
from accounts.models.consent import Consent
from accounts.models.data_key import DataKey
from accounts.models.erasure import AccountErasure
from accounts.models.identity import Identity
from accounts.models.invitation import Invitation
from accounts.models.key_rotation import KeyRotation
from accounts.models.oauth import AppConnection, DeviceRequest, SpentCode
from accounts.models.policy import ServerPolicy
from accounts.models.rate_bucket import RateBucket
from accounts.models.recovery import EmailChange, PasswordReset
from accounts.models.second_factor import BackupCode, BackupSheet, Factor, Passkey, TotpDevice
from accounts.models.server_key import ServerKey
from accounts.models.session import Session
from accounts.models.signal import KnownPlace, SecuritySignal
from accounts.models.space import Space, SpaceKey, SpaceOffer, SpaceRole, SpaceShare
from accounts.models.token import Token, TokenFamily
from accounts.models.user import Kind, PasswordRecord, Role, User

__all__ = [
    "AccountErasure",
    "ApiKey",
    "AppConnection",
    "AuditChain",
    "AuditCheckpoint",
    "AuditEvent",
    "BackupCode",
    "BackupSheet",
    "Consent",
    "DataKey",
    "DeviceRequest",
    "EmailChange",
    "Factor",
    "Identity",
    "Invitation",
    "KeyRotation",
    "Kind",
    "KnownPlace",
    "Passkey",
    "PasswordRecord",
    "PasswordReset",
    "RateBucket",
    "Role",
    "SecuritySignal",
    "ServerKey",
    "ServerPolicy",
    "Session",
    "Space",
    "SpaceKey",
    "SpaceOffer",
    "SpaceRole",
    "SpaceShare",
    "SpentCode",
    "Token",
    "TokenFamily",
    "TotpDevice",
    "User",
]
