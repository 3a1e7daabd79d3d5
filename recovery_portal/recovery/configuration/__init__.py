"""What operators set up, as one YAML document: written out, compared, and brought in by the flows of the console."""

from .applying import apply, export
from .changes import Change
from .document import ConfigRefused, dump, load

__all__ = ["Change", "ConfigRefused", "apply", "dump", "export", "load"]
