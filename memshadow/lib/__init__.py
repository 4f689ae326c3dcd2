"""The ground floor: one small concept a module; nothing here imports an app."""
