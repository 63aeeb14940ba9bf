"""
A derivative of one's own, and how to check it
==============================================

The solution of Kepler's equation, E - e sin E = M, is found by Newton's iteration. Differentiating
through the iteration would work, but the implicit function theorem gives the derivative in closed
form. It is attached with :class:`tenrso_ad.custom_jvp`; reverse mode, vmap and higher orders
follow. :func:`tenrso_ad.testing.check_gradients` tells whether it is right.
"""

import numpy as np

import tenrso_ad as ta
import tenrso_ad.numpy as tnp


@ta.custom_jvp
def eccentric_anomaly(mean, eccentricity):
    """Solve E - e sin E = M for E."""
    anomaly = mean + eccentricity * tnp.sin(mean)
    for _ in range(12):
        error = anomaly - eccentricity * tnp.sin(anomaly) - mean
        anomaly = anomaly - error / (1 - eccentricity * tnp.cos(anomaly))
    return anomaly


@eccentric_anomaly.defjvp
def rule(primals, tangents):
    """(1 - e cos E) dE = dM + sin E de."""
    mean, eccentricity = primals
    by_mean, by_eccentricity = tangents
    anomaly = eccentric_anomaly(mean, eccentricity)
    moved = by_mean + tnp.sin(anomaly) * by_eccentricity
    return anomaly, moved / (1 - eccentricity * tnp.cos(anomaly))


mean = np.linspace(0.1, 3.0, 4)
eccentricity = np.array([0.0, 0.2, 0.6, 0.8])
print(ta.testing.check_gradients(eccentric_anomaly, (mean, eccentricity), order=3))

# %%
# A mistake in the rule does not stay hidden: with the sign of the second term wrong, the report
# names the mode, the argument and the entry that is furthest off.
wrong = ta.custom_jvp(eccentric_anomaly.function)


@wrong.defjvp
def wrong_rule(primals, tangents):
    """As above, with one sign wrong."""
    mean, eccentricity = primals
    anomaly = wrong(mean, eccentricity)
    moved = tangents[0] - tnp.sin(anomaly) * tangents[1]
    return anomaly, moved / (1 - eccentricity * tnp.cos(anomaly))


print(ta.testing.check_gradients(wrong, (mean, eccentricity), order=1))

# %%
# The speed of a planet along its orbit, for many times at once: the derivative by time of the
# eccentric anomaly, mapped over a batch.
speed = ta.vmap(ta.grad(eccentric_anomaly), (0, None))(np.linspace(0.0, np.pi, 5), 0.6)
print("dE/dM from perihelion to aphelion:", np.round(speed, 4))
