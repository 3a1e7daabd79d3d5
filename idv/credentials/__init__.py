"""The paper: SD-JWT verifiable credentials, their status and whom to trust. Pure: no Django, no network, no clock."""
