"""A short run of random months: the range of the forecast holds the invoice."""

from __future__ import annotations

from tests.faults import forecast_run


def test_the_range_holds_the_invoice_in_nine_of_ten_forecasts():
    counts, width = forecast_run.run(months=6, seed=3)
    assert counts["forecasts"] == 30
    assert counts["inside"] >= 27
    # A range that holds everything would say nothing.
    assert width < 0.6
