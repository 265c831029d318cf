"""What ways of choosing networks and predictors of their losses are called, and what each is, in the reader's language.

Names that papers gave stand as they are in every language. Code and files know each by its name in the engine.
"""

from engine.texts import text

_PREDICTORS = {"tag_mean": "TAG", "higher_order": "HOA", "early_stopping": "ESA", "linearised": "Grad-TAG"}


def way_name(way: str) -> str:
    """Of a way of ``engine.studies.ways``, of the advisor, or of groupings drawn at random.

    >>> way_name("everything known"), way_name("Grad-TAG")
    ('everything known', 'Grad-TAG')
    """
    return text(f"naming.way.{_key(way)}")


def about_way(way: str) -> str:
    """What a way of ``engine.studies.ways`` is, without a full stop."""
    return text(f"naming.about_way.{_key(way)}")


def predictor_name(predictor: str) -> str:
    """Of a predictor of the catalog.

    >>> predictor_name("tag_mean"), predictor_name("surrogate")
    ('TAG', 'surrogate')
    """
    return _PREDICTORS.get(predictor) or text(f"naming.predictor.{predictor}")


def about_predictor(predictor: str) -> str:
    """What a predictor of the catalog goes by, without a full stop."""
    return text(f"naming.about_predictor.{predictor}")


def _key(way: str) -> str:
    """As keys of texts are written.

    >>> _key("Grad-TAG"), _key("everything known")
    ('grad_tag', 'everything_known')
    """
    return way.lower().replace("-", "_").replace(" ", "_")
