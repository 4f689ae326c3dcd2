"""What enrichment reads a text with."""

from memshadow.settings.env import env

# Each language's spaCy pipeline: a package or a folder. Texts in other languages get what patterns find.
SPACY_PIPELINES = {
    language.strip(): package.strip()
    for language, _, package in (entry.partition("=") for entry in env.spacy_pipelines.split(",") if entry.strip())
}
PHONE_REGION = env.phone_region  # of numbers without a country code; empty: that of the text's language
ENRICHMENT_MAX_ATTEMPTS = 5  # then the step is shown as failed on that memory, with a retry button
LLM_MODEL_DIR = env.llm_model_dir  # a folder of a transformers model that the enricher runs itself; empty: none
LLM_TIMEOUT_S = env.llm_timeout_s  # of one question to a language model
