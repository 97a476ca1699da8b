"""The metrics there are: their names, units and directions, free of torch. Tables, plots and curves are made from this.

Every metric is computed per frame and averaged over frames. PSNR, MS-SSIM, LPIPS, DISTS and tLP see the RGB that is
shown; VMAF and tOF see luma, brought to the clip's matrix and range.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricKind:
    """One metric. `digits` are the decimals that mean something in a table."""

    key: str
    label: str
    higher_is_better: bool
    digits: int
    unit: str = ""
    needs_vgg: bool = False
    """True when it cannot be computed without a VGG16 trunk, which does not ship."""

    @property
    def title(self) -> str:
        """The label with its unit and direction, for an axis or a table's head."""
        unit = f" in {self.unit}" if self.unit else ""
        return f"{self.label}{unit}, {'higher' if self.higher_is_better else 'lower'} is better"


METRICS: dict[str, MetricKind] = {
    kind.key: kind
    for kind in (
        MetricKind("psnr", "PSNR", higher_is_better=True, digits=2, unit="dB"),
        MetricKind("ms_ssim", "MS-SSIM", higher_is_better=True, digits=5),
        MetricKind("vmaf", "VMAF", higher_is_better=True, digits=2),
        MetricKind("lpips", "LPIPS (AlexNet)", higher_is_better=False, digits=5),
        MetricKind("lpips_vgg", "LPIPS (VGG)", higher_is_better=False, digits=5, needs_vgg=True),
        MetricKind("dists", "DISTS", higher_is_better=False, digits=5, needs_vgg=True),
        MetricKind("tlp", "tLP", higher_is_better=False, digits=6),
        MetricKind("tof", "tOF", higher_is_better=False, digits=4, unit="pixels"),
    )
}
"""By key, in the order of tables."""
