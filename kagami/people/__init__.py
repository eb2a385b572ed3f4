"""People who operate Kagami: passwords, roles, API tokens, sessions, and the brake on those who guess."""
