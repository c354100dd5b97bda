"""XML of unknown origin: no entities, no references to other files, a limited depth and number of elements."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder  # parsed by defusedxml; these only hold the result

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.validation import read_error

MAX_DEPTH: Final = 200
MAX_ELEMENTS: Final = 2_000_000


def parse_xml(path: Path, content: bytes) -> Element:
    """Return the root of an XML document; its names have lost their namespaces.

    Raises StudioError when it is damaged, declares entities, or is nested too deep.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    parser = DefusedXMLParser(target=_LimitedBuilder(), forbid_dtd=True)
    try:
        parser.feed(content)
        root: Element = parser.close()
    except DefusedXmlException:
        raise read_error(
            path, "its XML declares entities, which a file of spectra has no need of", COPY_AGAIN
        ) from None
    except _TooLarge as error:
        raise read_error(path, str(error), COPY_AGAIN) from None
    except (ParseError, ValueError, LookupError, AssertionError):  # an unknown encoding, no element at all
        raise _damaged(path) from None
    return root


def _damaged(path: Path) -> StudioError:
    return read_error(path, "its XML is damaged or incomplete", COPY_AGAIN)


class _TooLarge(Exception):
    """The document is beyond the limits; the message is the reason."""


class _LimitedBuilder(TreeBuilder):
    """Builds elements without their namespaces, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.n_elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self.depth += 1
        self.n_elements += 1
        if self.depth > MAX_DEPTH or self.n_elements > MAX_ELEMENTS:
            raise _TooLarge("its XML is nested too deep or has too many elements")
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: str, /) -> Element:
        self.depth -= 1
        return super().end(tag.rpartition("}")[2])
