"""The gateway: clients of language models talk through it, and it adds what their person remembers."""
