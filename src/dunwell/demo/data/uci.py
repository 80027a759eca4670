"""The UCI credit-card data as shipped: 30,000 accounts of April to September 2005.

Yeh, I. (2009), Default of Credit Card Clients, UCI Machine Learning Repository,
DOI 10.24432/C55S3H, CC BY 4.0; see ATTRIBUTION.txt beside this file.
"""

from __future__ import annotations

import hashlib
import lzma
from importlib import resources

from dunwell.kernel.refusal import Refusal, Refused

NAME = "uci_credit_card.csv.xz"
SHA256 = "023eb2c3ad9efd15e7869616fa50a0143f25223105c7069ba632431530afdb61"
ROWS = 30_000
STATEMENTS = 6
# Newest first: September, August ... April 2005. The source calls them PAY_0, PAY_2 ...
# PAY_6, BILL_AMT1 ... 6 and PAY_AMT1 ... 6.
STATUS = ("X6", "X7", "X8", "X9", "X10", "X11")
BILL = ("X12", "X13", "X14", "X15", "X16", "X17")
PAID = ("X18", "X19", "X20", "X21", "X22", "X23")


def csv_bytes() -> bytes:
    """Return the source file, byte for byte as it was received.

    :raises Refused: if the shipped file is not that one
    """
    return unpacked(resources.files(__package__).joinpath(NAME).read_bytes())


def unpacked(packed: bytes) -> bytes:
    """Return what ``packed`` holds if that is the source file.

    :raises Refused: if it is anything else
    """
    try:
        raw = lzma.decompress(packed)
    except lzma.LZMAError:
        raw = b""
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise Refused(
            Refusal(
                "demo.source_changed",
                "%(file)s is not the file this version was made with. Install the package again.",
                named={"file": NAME},
            )
        )
    return raw
