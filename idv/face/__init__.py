"""The eye: engines measure faces and liveness, they never decide. No Django models, no thresholds of policy."""
