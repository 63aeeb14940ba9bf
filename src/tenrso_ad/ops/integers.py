"""Bitwise operations and divisors of integers."""

from __future__ import annotations

import numpy as np

from .pointwise import elementwise

bitwise_and = elementwise("bitwise_and", np.bitwise_and, None, None)
bitwise_or = elementwise("bitwise_or", np.bitwise_or, None, None)
bitwise_xor = elementwise("bitwise_xor", np.bitwise_xor, None, None)
bitwise_count = elementwise("bitwise_count", np.bitwise_count, None)
invert = elementwise("invert", np.invert, None, api="bitwise_invert")
left_shift = elementwise("left_shift", np.left_shift, None, None, api="bitwise_left_shift")
right_shift = elementwise("right_shift", np.right_shift, None, None, api="bitwise_right_shift")
gcd = elementwise("gcd", np.gcd, None, None)
lcm = elementwise("lcm", np.lcm, None, None)
