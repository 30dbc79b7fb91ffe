"""The picture of the widths shows the law that is used."""

from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.spectra.broadening import BroadeningError
from aiida_gbml.science.spectra.plots import plot_widths, save

ENERGY = np.arange(530.0, 570.0)


def test_both_widths_are_drawn(tmp_path: Path) -> None:
    law = {"maximum": 8.0, "center": 15.0, "onset": 535.0}
    figure = plot_widths(ENERGY, {"lorentzian": 0.3, "gaussian": 0.3, "instrument": 0.4, "arctangent": law})
    lifetime, gaussian = figure.axes[0].get_lines()
    assert lifetime.get_ydata()[0] == pytest.approx(0.3)
    assert lifetime.get_ydata()[20] == pytest.approx(0.3 + 4.0)  # 15 eV above the onset
    assert np.allclose(gaussian.get_ydata(), 0.5)
    save(figure, tmp_path / "widths.png")


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(BroadeningError, match="unknown broadening 'width'"):
        plot_widths(ENERGY, {"width": 1.0})
