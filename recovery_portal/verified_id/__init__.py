"""The Request Service of Verified ID: programs of other makers ask for a credential, and are called back."""
