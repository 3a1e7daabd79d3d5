"""Names shown to somebody who has not proved anything yet."""


def masked_account_name(account_name: str) -> str:
    """``ana.silva@fabrikam.example`` becomes ``a•••@fabrikam.example``; the length of the name is not told."""
    local, at, domain = account_name.partition("@")
    return f"{local[:1]}•••{at}{domain}"
