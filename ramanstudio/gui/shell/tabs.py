"""The tabs of the window: one row each, in the order in which they are shown.

A new tab is a row here, and a feature package with its page (a `TabPage`), its panel and its actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from PySide6.QtGui import QAction

from ramanstudio.gui.common.action import Action
from ramanstudio.gui.common.widgets import SidePanel
from ramanstudio.gui.explore.actions import GROUP_ACTIONS
from ramanstudio.gui.identify.actions import IDENTIFY_ACTIONS
from ramanstudio.gui.libraries.actions import LIBRARY_ACTIONS
from ramanstudio.gui.map.actions import MAP_ACTIONS
from ramanstudio.gui.peaks.actions import PEAK_ACTIONS
from ramanstudio.gui.shell.services import Services
from ramanstudio.gui.spectrum.actions import SPECTRUM_ACTIONS
from ramanstudio.gui.viewer.tab_page import TabPage
from ramanstudio.project.project import Project

if TYPE_CHECKING:
    from ramanstudio.gui.identify.identify_page import IdentifyPage
    from ramanstudio.gui.map.map_page import MapPage
    from ramanstudio.gui.peaks.peaks_page import PeaksPage
    from ramanstudio.library.library import Library


@dataclass(frozen=True, slots=True)
class TabContext:
    """What the pages and panels are made from."""

    services: Services
    actions: Mapping[str, QAction]
    show_reference: Callable[[Library, int], None]  # in the library window
    update_actions: Callable[[], None]  # something that enables or disables actions has changed


MakePage = Callable[[TabContext], TabPage]
MakePanel = Callable[[TabContext, TabPage], SidePanel]


def _always(_project: Project) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: page and panel are made when it is first shown."""

    key: str
    title: str
    tooltip: str
    guide_page: str  # of the user guide, opened with F1 (see help.PAGES)
    make_page: MakePage
    make_panel: MakePanel
    is_offered: Callable[[Project], bool] = _always
    actions: tuple[Action, ...] = ()


def _spectrum_page(context: TabContext) -> TabPage:
    from ramanstudio.gui.spectrum.spectrum_page import SpectrumPage

    services = context.services
    return SpectrumPage(
        services.session, services.peak_finding, context.actions, services.recipe_editor, services.plot_tools
    )


def _metadata_panel(context: TabContext, _page: TabPage) -> SidePanel:
    from ramanstudio.gui.processing.processing_panel import ProcessingPanel
    from ramanstudio.gui.spectrum.metadata_panel import MetadataPanel

    services = context.services
    processing = ProcessingPanel(
        services.session, services.recipe_editor, services.plot_tools, services.messages, context.actions
    )
    return MetadataPanel(services.session, services.denoising, services.quality_checking, context.actions, processing)


def _peaks_page(context: TabContext) -> TabPage:
    from ramanstudio.gui.peaks.peaks_page import PeaksPage

    services = context.services
    return PeaksPage(services.session, services.peak_finding, services.messages, context.actions)


def _peaks_panel(context: TabContext, page: TabPage) -> SidePanel:
    from ramanstudio.gui.peaks.peaks_panel import PeaksPanel

    services = context.services
    peaks_page = cast("PeaksPage", page)
    return PeaksPanel(peaks_page, services.peak_finding, services.libraries, services.messages, context.actions)


def _explore_page(context: TabContext) -> TabPage:
    from ramanstudio.gui.explore.explore_page import ExplorePage

    return ExplorePage(context.services.session, context.services.exploring, context.actions)


def _groups_panel(context: TabContext, _page: TabPage) -> SidePanel:
    from ramanstudio.gui.explore.groups_panel import GroupsPanel

    panel = GroupsPanel(context.services.session, context.services.exploring, context.actions)
    panel.chosen_changed.connect(context.update_actions)
    panel.refused.connect(context.services.messages.show_error)
    return panel


def _map_page(context: TabContext) -> TabPage:
    from ramanstudio.gui.map.map_page import MapPage

    services = context.services
    return MapPage(services.session, services.exploring, services.workers, services.messages, context.actions)


def _map_panel(context: TabContext, page: TabPage) -> SidePanel:
    from ramanstudio.gui.map.map_panel import MapPanel

    return MapPanel(cast("MapPage", page), context.actions)


def _identify_page(context: TabContext) -> TabPage:
    from ramanstudio.gui.identify.identify_page import IdentifyPage

    services = context.services
    page = IdentifyPage(
        services.session, services.identifying, services.mixture_jobs, services.taught_models, context.actions
    )
    page.reference_requested.connect(context.show_reference)
    return page


def _identify_panel(context: TabContext, page: TabPage) -> SidePanel:
    from ramanstudio.gui.identify.identify_panel import IdentifyPanel

    services = context.services
    return IdentifyPanel(
        cast("IdentifyPage", page),
        services.session,
        services.settings,
        services.identifying,
        services.mixture_jobs,
        services.taught_models,
        context.actions,
    )


TABS: Final = (
    Tab(
        "spectrum",
        "Spectrum",
        "Raw and denoised spectra, and their signal-to-noise ratio",
        "denoise",
        _spectrum_page,
        _metadata_panel,
        actions=SPECTRUM_ACTIONS,
    ),
    Tab(
        "peaks",
        "Peaks",
        "Peaks: found, labelled and fitted, with their uncertainties",
        "peaks",
        _peaks_page,
        _peaks_panel,
        actions=PEAK_ACTIONS,
    ),
    Tab(
        "explore",
        "Explore",
        "Scatter plot and groups of similar spectra",
        "explore",
        _explore_page,
        _groups_panel,
        actions=GROUP_ACTIONS,
    ),
    Tab(
        "map",
        "Map",
        "Maps and series: bands, groups and substances",
        "map",
        _map_page,
        _map_panel,
        lambda project: any(entry.is_map_or_series for entry in project.entries),
        MAP_ACTIONS,
    ),
    Tab(
        "identify",
        "Identify",
        "Matches in the spectral libraries, and mixtures",
        "identify",
        _identify_page,
        _identify_panel,
        actions=IDENTIFY_ACTIONS + LIBRARY_ACTIONS,
    ),
)


def shortcut_of(tab: Tab) -> str:
    """The shortcut that shows a tab: Ctrl and its number."""
    return f"Ctrl+{TABS.index(tab) + 1}"
