"""OAuth 2.1: how apps get tokens from people, on top of django-oauth-toolkit, whose pages are not exposed."""
