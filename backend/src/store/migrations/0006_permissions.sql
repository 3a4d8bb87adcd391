-- Names of permissions that a session does not have, with spaces between them.
ALTER TABLE sign_in_links ADD COLUMN withheld TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN withheld TEXT NOT NULL DEFAULT '';
