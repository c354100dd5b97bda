"""Every page of the wizard, and the list of models, can be used in small and large windows, in both themes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QApplication, QWizard

from ramanstudio.finetuning import finetuned_model, training
from ramanstudio.gui.finetuning.models_dialog import ModelsDialog
from ramanstudio.gui.viewer.chart import Chart, ChartSeries
from tests.finetuning.substances import EXTRACTOR, substances
from tests.gui.finetuning.test_wizard import FineTuningEngine, labelled_set, next_page, open_wizard, train, write_set
from tests.gui.layout import layout_problems

pytestmark = pytest.mark.usefixtures("asked")
SIZES = ((720, 450), (1100, 700), (1440, 900))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_button_or_label_of_a_page_is_outside_or_clipped(start, tmp_path, size, theme):
    spectra, names = substances(8)
    labels = [str(name) if row % 8 < 6 else "" for row, name in enumerate(names)]
    labels[0] = "quartz"  # a talc, so that the label errors are shown
    path = write_set(tmp_path / "minerals of the whole collection.h5", labels, spectra.values)
    window = start(path, loader=lambda *_: FineTuningEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    window.services.settings["theme"] = theme
    window.window.resize(*size)
    wizard = open_wizard(window)
    limit = (size[0] - 20, size[1] - 20)
    wizard.resize(min(wizard.width(), limit[0]), min(wizard.height(), limit[1]))
    problems: list[str] = []

    def check(title: str) -> None:
        QApplication.processEvents()
        assert wizard.width() <= limit[0] and wizard.height() <= limit[1], f"{title}: {wizard.size().toTuple()}"
        problems.extend(f"{title}: {problem}" for problem in layout_problems(wizard))

    window.wait_until(wizard.labels_page.label_errors.isVisible)
    check("labels")
    wizard.labels_page.source.setCurrentIndex(wizard.labels_page.source.findData("pattern"))
    check("labels from file names")
    wizard.labels_page.source.setCurrentIndex(0)
    next_page(wizard)
    check("samples")
    next_page(wizard)
    later = tmp_path / "spectra of another day and instrument"
    later.mkdir()
    write_set(later / "later.h5", [*labels[:8], "gypsum", *labels[9:]], spectra.values + 0.001)
    (later / "a file that nobody can read.spc").write_bytes(b"no spectrum")
    wizard.train_page.test_row.choose([later])
    window.wait_until(lambda: wizard.state.test_set is not None)
    check("before training")
    train(window, wizard)
    wizard.train_page.advanced.click()
    check("after training")
    next_page(wizard)
    tabs = wizard.result_page.tabs
    for index in range(tabs.count()):
        if tabs.isTabVisible(index):
            tabs.setCurrentIndex(index)
            check(f"results, {tabs.tabText(index)}")
    next_page(wizard)
    wizard.save_page.name.setText("a name that is as long as a person may give it, with everything that it is about")
    check("save")
    assert wizard.button(QWizard.WizardButton.FinishButton).isEnabled()
    wizard.reject()
    assert not problems, "\n".join(dict.fromkeys(problems))


@pytest.mark.parametrize("size", SIZES)
def test_the_list_of_models_fits(start, tmp_path, size):
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "minerals of the whole collection, July")
    window = start(labelled_set(tmp_path)[0], loader=lambda *_: FineTuningEngine())
    window.window.resize(*size)
    window.do("finetuned_models")
    widgets = QApplication.topLevelWidgets()
    dialog = next(widget for widget in widgets if isinstance(widget, ModelsDialog) and widget.isVisible())
    dialog.resize(min(dialog.width(), size[0] - 40), min(dialog.height(), size[1] - 40))
    QApplication.processEvents()
    assert dialog.width() <= size[0] - 40 and dialog.height() <= size[1] - 40
    assert layout_problems(dialog) == []
    dialog.reject()


def test_the_numbers_at_the_axes_of_charts_never_overlap(qtbot):
    for width, height in ((160, 160), (300, 160), (900, 500)):
        for bounds, percent in (
            (QRectF(0, 0, 1, 1), True),
            (QRectF(1, 0, 16, 1.0), True),
            (QRectF(-12000, -12000, 36000, 36000), False),
            (QRectF(1e-4, 1e-4, 3e-4, 3e-4), False),
            (QRectF(1e6, 1e6, 9e6, 9e6), False),
        ):
            chart = Chart("candidates evaluated", "accuracy")
            qtbot.addWidget(chart)
            chart.resize(width, height)
            corner = (bounds.left(), bounds.top())
            chart.show_series([ChartSeries((corner, (bounds.right(), bounds.bottom())))], bounds, percent)
            chart.grab()
            boxes = [box for box, _ in chart.tick_labels()]
            assert boxes and not [
                (first, second)
                for index, first in enumerate(boxes)
                for second in boxes[:index]
                if first.intersects(second)
            ]
            point = QRectF(chart.position_of(*corner).x() - 4, chart.position_of(*corner).y() - 4, 8, 8)
            assert not [box for box in boxes if box.intersects(point)], "a number lies under a point"
            assert all(QRectF(chart.rect()).contains(box) for box in boxes), f"{width} × {height}: {bounds}"
