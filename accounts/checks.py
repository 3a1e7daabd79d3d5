"""System checks of the accounts room."""
