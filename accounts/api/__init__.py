"""The JSON API of accounts: one router for each concern."""

from accounts.api.account import router as account
from accounts.api.audit import router as audit
from accounts.api.privacy import router as privacy
from accounts.api.security import router as security
from accounts.api.spaces import router as spaces

routers = (account, audit, privacy, security, spaces)
